#!/bin/bash
mkdir -p /boot /var/tmp
modprobe -q configfs && mount -t configfs configfs /sys/kernel/config
/usr/lib/systemd/systemd-udevd --daemon 2>/run/udevd.log
modprobe -qa virtio_pci virtio_blk virtio_scsi sd_mod nvme || true # whatever bus the disk of the tests is on
udevadm trigger --action=add
udevadm settle

# Tests look up the options of the kernel there.
[[ ! -f /usr/local/lib/kernel.config ]] || mv /usr/local/lib/kernel.config "/boot/config-$(uname -r)"
