#!/bin/bash
# shellcheck source=profiles/fstests/fstests.sh
. /usr/local/lib/fstests.sh
[[ $FSTYP == @(ceph|tmpfs) ]] || await_disks # they need what CPU there is: check waits for them, not for the rest
begin_drivers_then_udevd "$FSTYP" "$FSTESTS_FSTYP"
case $FSTYP in
  ceph) use_cephfs ;;
  tmpfs) use_tmpfs ;;
  *) use_disks "$FSTYP" ;;
esac
