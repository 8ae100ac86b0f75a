#!/bin/bash
set -e
mount_cephfs "$MNT"
echo "$CEPH_MONITORS:$CEPH_PATH is on $MNT"
