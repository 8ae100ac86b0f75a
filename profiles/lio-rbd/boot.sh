#!/bin/bash
set -e
# shellcheck source=profiles/lio/target.sh
. /usr/local/lib/target.sh
# shellcheck source=profiles/lio-rbd/rbd-lun.sh
. /usr/local/lib/rbd-lun.sh
start_target "target_core_$LIO_RBD_BACKSTORE" iscsi_target_mod
map_rbd_lun
export_iscsi
show_luns
