#!/bin/bash
# shellcheck source=profiles/fstests/fstests.sh
. /usr/local/lib/fstests.sh
start_udevd
modprobe -q "$FSTESTS_MODULE" || [[ -z $FSTESTS_MODULE ]] || die "cannot load $FSTESTS_MODULE"
use_disks "$FSTYP"
