#!/bin/bash
set -e
load vhci_hcd usb_storage sd_mod
echo 0 >/sys/module/usb_storage/parameters/delay_use # it waits a second otherwise, for disks that must spin up
mkdir -p /var
ln -sfn /run /var/run # usbip notes there what it has attached
# The other VM may be on its way out, too, and waits for this.
after_unmount usbip detach -p 0
# shellcheck source=profiles/usbip-host/attach-gadget
. attach-gadget
