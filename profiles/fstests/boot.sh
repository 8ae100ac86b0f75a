#!/bin/bash
# shellcheck source=profiles/fstests/fstests.sh
. /usr/local/lib/fstests.sh
begin_drivers "$FSTYP" "$FSTESTS_FSTYP"
begin_udevd
case $FSTYP in
  ceph) use_cephfs ;;
  tmpfs) use_tmpfs ;;
  *) use_disks "$FSTYP" ;;
esac
wait_beside
