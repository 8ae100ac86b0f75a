#!/bin/bash
set -e
# shellcheck source=profiles/usb-gadget/gadget.sh
. /usr/local/lib/gadget.sh

# Whoever has the device attached unmounts it and detaches it at power-off, which is often that of both VMs.
await_detached() {
  local status tries
  for ((tries = 0; tries < 60; tries++)); do
    read -r status </sys/devices/platform/usbip-vudc.0/usbip_status
    ((status == 2)) || break
    sleep 0.05
  done
}

is_listening() {
  [[ $(</proc/net/tcp) == *:0CA8\ 00000000:0000\ 0A* ]] # port 3240
}

after_unmount bash -c "$(declare -f await_detached); await_detached"
load_gadget_drivers usbip_vudc
make_backing
UDC=usbip-vudc.0
make_gadget

setsid usbipd --device </dev/null >/run/usbipd.log 2>&1 &
wait_for 30 is_listening
echo "usbipd exports $UDC"
