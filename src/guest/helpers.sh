# shellcheck shell=bash
# Helpers for boot.sh. They are sent together with it, so that changing them rebuilds no image.

# die MESSAGE…: ends boot.sh with a message; the run fails.
die() {
  echo "boot.sh: $*" >&2
  exit 1
}

# load MODULE…: loads kernel modules; what is built in is fine, what is missing ends boot.sh.
load() {
  [[ " $* " != *' virtio_'* ]] || modprobe -q virtio_pci # ends when init's has, which finds all that is on the bus
  modprobe -a -- "$@" || die "cannot load: $*"
}

# wait_for SECONDS COMMAND…: repeats a command until it succeeds; its end is an error that names what was waited for.
wait_for() {
  local seconds=$1
  local end=$((SECONDS + seconds))
  shift
  until "$@"; do
    ((SECONDS < end)) || die "waited $seconds s in vain for: $*"
    sleep 0.1
  done
}

# disk_paths ID: how many paths the disk of this name has.
disk_paths() {
  [[ " $RAPIDO_DISKS " =~ \ $1=([0-9]+)\  ]] || die "this VM has no disk $1: it has ${RAPIDO_DISKS:-none}"
  echo "${BASH_REMATCH[1]}"
}

# make_zram_disks: those of RAPIDO_ZRAM, each with a link by its serial number. rapido calls it before boot.sh; what zram0 a
# profile has is left to it.
make_zram_disks() {
  local disk number zram
  modprobe -q zram
  [[ -e /sys/class/zram-control/hot_add ]] || die "this kernel has no zram"
  mkdir -p /run/rapido/zram
  for disk in $RAPIDO_ZRAM; do
    read -r number </sys/class/zram-control/hot_add || die "zram has no more devices"
    zram=/sys/block/zram$number
    echo lzo-rle 2>/dev/null >"$zram/comp_algorithm" # else it is the kernel's own choice
    echo "${disk#*=}" >"$zram/disksize" || die "zram refuses a disk of ${disk#*=} bytes"
    ln -s "/dev/zram$number" "/run/rapido/zram/${disk%=*}"
  done
}

# serves_storage PID…: processes that are left alone at power-off until everything is unmounted.
serves_storage() {
  echo "$*" >>/run/rapido/storage-daemons
}

# after_unmount COMMAND…: at power-off, runs this once everything is unmounted.
after_unmount() {
  printf '%q ' "$@" >>/run/rapido/after-unmount
  echo >>/run/rapido/after-unmount
}
