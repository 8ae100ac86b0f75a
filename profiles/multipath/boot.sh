#!/bin/bash
set -e
# shellcheck source=profiles/multipath/multipath.sh
. /usr/local/lib/multipath.sh
start_udevd
start_multipathd "path_grouping_policy $MULTIPATH_GROUPING"
load virtio_scsi
wait_for_paths "$(disk_paths hd)"
