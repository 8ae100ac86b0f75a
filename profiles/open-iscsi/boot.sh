#!/bin/bash
set -e
# shellcheck source=profiles/multipath/multipath.sh
. /usr/local/lib/multipath.sh
# shellcheck source=profiles/open-iscsi/initiator.sh
. /usr/local/lib/initiator.sh
load iscsi_tcp sd_mod
start_udevd
start_iscsid
log_in
find_disks
map_disks
show_maps
