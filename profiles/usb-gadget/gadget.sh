# shellcheck shell=bash
# Sourced by the boot.sh of usb-gadget and usbip-device. A fork is 20 ms where there is no KVM, so this is builtins.

gadgets=/sys/kernel/config/usb_gadget
own_script=/usr/local/lib/own-gadget.sh # usb_gadget.script, where that is set

# load_gadget_drivers DRIVER [PARAMETER…]: what a gadget needs besides the driver of the controller, with its parameters.
load_gadget_drivers() {
  local backing=zram
  if [[ $USB_GADGET_BACKING == rbd ]]; then backing=; fi
  load configfs libcomposite usb_f_mass_storage $backing
  modprobe "$@" || die "cannot load: $1"
  [[ -d $gadgets ]] || mount -t configfs configfs /sys/kernel/config
}

# make_backing: BACKING becomes the block device that the USB disk stores to.
make_backing() {
  after_unmount bash -c '. /usr/local/lib/gadget.sh; release_gadgets' # before what map_rbd leaves to be done
  case $USB_GADGET_BACKING in
    zram) make_zram && BACKING=/dev/zram0 ;;
    crypt) make_zram && make_crypt && BACKING=/dev/mapper/gadget ;;
    rbd) map_rbd && BACKING=/dev/rbd/$CEPH_POOL/$CEPH_IMAGE ;;
  esac
  export BACKING
}

make_zram() {
  echo "${USB_GADGET_SIZE}M" >/sys/block/zram0/disksize || die "zram refuses ${USB_GADGET_SIZE} MiB"
}

# The key is on no command line and in no variable: once the table is loaded, the kernel alone has it.
make_crypt() {
  load dm_crypt
  {
    printf '0 %d crypt aes-xts-plain64 ' $((USB_GADGET_SIZE * 2048))
    od -v -An -tx1 -w64 -N64 /dev/urandom | tr -d ' \n'
    printf ' 0 /dev/zram0 0\n'
  } | dmsetup create --noudevsync gadget || die "cannot put dm-crypt on /dev/zram0"
  dmsetup mknodes gadget # /dev/mapper/gadget: there is no udev
}

# make_gadget: a disk that stores to $BACKING, on the controller $UDC; or what the user's own script makes of them.
make_gadget() {
  if has_own_script; then
    export UDC
    bash $own_script || die "usb_gadget.script ended with status $?"
    echo "the script made a USB gadget on $UDC"
  else
    make_mass_storage "$gadgets/rapido"
  fi
}

has_own_script() {
  [[ -e $own_script ]]
}

make_mass_storage() {
  local gadget=$1
  local lun=$gadget/functions/mass_storage.usb0/lun.0
  # The kernel makes what is in these folders.
  mkdir -p "$gadget/strings/0x409" "$gadget/functions/mass_storage.usb0" "$gadget/configs/c.1"
  echo 0x1d6b >"$gadget/idVendor" # the Linux Foundation's
  echo 0x0104 >"$gadget/idProduct"
  echo rapido >"$gadget/strings/0x409/manufacturer"
  echo 'USB gadget' >"$gadget/strings/0x409/product"
  echo "$USB_GADGET_SERIAL" >"$gadget/strings/0x409/serialnumber"
  # A kernel before 5.11 has it not, and goes as fast as the controller.
  if [[ -e $gadget/max_speed ]]; then echo "$USB_GADGET_SPEED-speed" >"$gadget/max_speed"; fi
  # Vendor of 8 characters, product of 16, revision of 4.
  echo 'rapido  USB gadget      0001' >"$lun/inquiry_string"
  echo 1 >"$lun/removable" # it can be ejected
  echo 0 >"$lun/cdrom"
  echo 0 >"$lun/ro"
  echo 0 >"$lun/nofua" # a write that is to be on the medium is
  echo "$BACKING" >"$lun/file" || die "the gadget refuses $BACKING"
  ln -s "$gadget/functions/mass_storage.usb0" "$gadget/configs/c.1/"
  echo "$UDC" >"$gadget/UDC" || die "the gadget cannot be bound to $UDC"
}

# release_gadgets: unbinds them, and lets go of what they store to.
release_gadgets() {
  local each
  for each in "$gadgets"/*/UDC "$gadgets"/*/functions/*/lun.*/file; do
    [[ ! -e $each ]] || echo >"$each"
  done 2>/dev/null
}
