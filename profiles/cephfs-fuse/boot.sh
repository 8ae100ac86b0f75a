#!/bin/bash
set -e
mount_ceph_fuse "$MNT"
echo "$CEPH_PATH of the Ceph cluster is on $MNT, with ceph-fuse"
