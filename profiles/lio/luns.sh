# shellcheck shell=bash
# The LUNs of lio and lio-loop. Sourced by their boot.sh, after target.sh.

# make_luns: LUN 0 is a file, 1 compressed memory, 2 the same, but slow; then each disk of the VM.
make_luns() {
  local disk id identity="lio of VM $RAPIDO_VM"
  # A file system of its own: /tmp takes half of the memory at most, whatever lio.size says.
  mount -t tmpfs -o "X-mount.mkdir,mode=700,size=${LIO_SIZE}m" lun0 /run/lun0
  backstore_file file /run/lun0/file "$LIO_SIZE" "$identity file"

  load zram dm_delay
  new_zram "$LIO_SIZE"
  backstore_block zram "$zram" "$identity zram"

  new_zram "$LIO_SIZE"
  # No udev: dmsetup has nobody to wait for, and /dev/mapper/slow is not made. It is the only device of its kind.
  dmsetup create --noudevsync slow --table "0 $((LIO_SIZE * 2048)) delay $zram 0 $LIO_DELAY"
  backstore_block slow /dev/dm-0 "$identity slow"

  for disk in $RAPIDO_DISKS; do
    id=${disk%=*}
    wait_for 30 find_disk "$id"
    backstore_block "$id" "$found" "$identity disk $id"
  done
}

# new_zram MIB: sets `zram` to a new block device.
new_zram() {
  local number
  read -r number </sys/class/zram-control/hot_add
  zram=/dev/zram$number
  echo "$1M" >"/sys/block/zram$number/disksize"
}

# find_disk ID: sets `found` to the block device, or the first of its paths, with the serial number that rapido gives
# the disk: rapido-ID. Where that is to be read depends on the bus: virtio, NVMe, SCSI, USB.
find_disk() {
  local folder file parts
  for folder in /sys/block/{vd,nvme,sd}*; do
    for file in "$folder"/{serial,device/serial,device/vpd_pg80,device/../../../../serial}; do
      [[ -r $file ]] || continue
      mapfile -t -d '' parts <"$file" # page 80 has NULs, and a byte of length before the serial number
      [[ ${parts[*]} =~ rapido-$1[[:space:]]*$ ]] || continue
      found=/dev/${folder##*/}
      [[ -b $found ]] && return
    done
  done
  return 1
}
