#!/bin/bash
set -e
# shellcheck source=profiles/usb-gadget/gadget.sh
. /usr/local/lib/gadget.sh

declare -A parameter=([full]=is_high_speed=0 [high]=is_high_speed=1 [super]=is_super_speed=1)
declare -A mbits=([full]=12 [high]=480 [super]=5000)
load usb_storage sd_mod & # the host's side, meanwhile
host_side=$!
load_gadget_drivers dummy_hcd "${parameter[$USB_GADGET_SPEED]}"
make_backing
wait $host_side
echo 0 >/sys/module/usb_storage/parameters/delay_use # it waits a second otherwise, for disks that must spin up
UDC=dummy_udc.0
make_gadget
if has_own_script; then exit 0; fi

# shellcheck source=profiles/usb-gadget/gadget-disk
. gadget-disk
# shellcheck disable=SC2154 # of gadget-disk
((speed == mbits[$USB_GADGET_SPEED])) ||
  die "its speed is $speed Mbit/s; a dummy_hcd that is built in needs kernel.params = [\"dummy_hcd.${parameter[$USB_GADGET_SPEED]}\"]"
