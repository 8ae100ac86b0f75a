#!/bin/sh
# What QEMU runs for a tap it has made: puts it on the bridge. The tap goes when QEMU does.
PATH=$PATH:/usr/sbin:/sbin
exec ip link set dev "$1" master "$RAPIDO_BRIDGE" mtu "$RAPIDO_MTU" up
