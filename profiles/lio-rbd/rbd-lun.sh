# shellcheck shell=bash
# The LUN of lio-rbd and lio-rbd-loop. Sourced by their boot.sh, after target.sh.

# map_rbd_lun: maps the image with the kernel's client; LUN 0 is that. Its identity is that of the image, so that two
# gateways of one image are two paths to one disk.
map_rbd_lun() {
  local identity=$CEPH_FSID/$CEPH_POOL/$CEPH_IMAGE name=$CEPH_IMAGE device folder sectors
  # At power-off the image cannot be unmapped while it is a LUN. What is asked for first comes first.
  after_unmount bash -c '. /usr/local/lib/target.sh && release_luns'
  map_rbd
  device=$(readlink "/dev/rbd/$CEPH_POOL/$CEPH_IMAGE")
  case $LIO_RBD_BACKSTORE in
    iblock) backstore_block "$name" "$device" "$identity" ;;
    rbd)
      # Only kernels of SUSE have this one. It would say that the disk is a block smaller than it is.
      folder=${target:?}/core/rbd_0/$name
      mkdir -p "$folder"
      if [[ -e $folder/attrib/emulate_legacy_capacity ]]; then echo 0 >"$folder/attrib/emulate_legacy_capacity"; fi
      read -r sectors <"/sys/class/block/${device##*/}/size"
      backstore rbd "$name" "$identity" $((sectors / 2048)) "udev_path=$device"
      ;;
  esac
}
