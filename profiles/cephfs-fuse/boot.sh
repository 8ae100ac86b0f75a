#!/bin/bash
set -ex
load fuse
write_ceph_conf
cat /etc/ceph/ceph.conf
ls -l /etc/ceph /run/rapido /bin/sh /etc/mtab || true
mkdir -p "$MNT"
cat /proc/uptime
status=0
strace -f -e trace=openat,execve,mount,connect -o /tmp/st ceph-fuse --id "$CEPH_USER" --pid-file /run/rapido/cf.pid "$MNT" || status=$?
cat /proc/uptime
echo status $status; cat /run/rapido/cf.pid
