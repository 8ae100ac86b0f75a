# shellcheck shell=bash
# Sourced by the boot.sh of the profiles fstests-…: disks by role, the tree's local.config, users.

fstests=/opt/fstests

# start_udevd: tests on device-mapper wait for it.
start_udevd() {
  /usr/lib/systemd/systemd-udevd --daemon 2>/run/udevd.log
}

# roles: "ROLE DEVICE" for each disk whose serial number is a role of fstests: TEST_DEV, SCRATCH_DEV, SCRATCH_DEV1, …
roles() {
  local block serial file
  for block in /sys/block/*; do
    serial=
    for file in serial device/serial device/vpd_pg80; do
      [[ -r $block/$file ]] || continue
      serial=$(tr -cd '[:alnum:]_.-' <"$block/$file")
      break
    done
    [[ $serial =~ (TEST_DEV|SCRATCH_DEV[0-9]*|SCRATCH_LOGDEV|SCRATCH_RTDEV|TEST_LOGDEV|TEST_RTDEV|LOGWRITES_DEV)$ ]] || continue
    echo "${BASH_REMATCH[1]} /dev/${block##*/}"
  done
}

# use_disks FSTYP: writes local.config for the disks there are, and makes the file system of TEST_DEV where it has none.
use_disks() {
  local fstyp=$1 role device pool=() lines=()
  declare -A device_of
  modprobe -qa virtio_blk virtio_scsi sd_mod nvme || true # on whatever bus its user has them
  wait_for 10 has_test_dev
  while read -r role device; do device_of[$role]=$device; done < <(roles)
  for role in "${!device_of[@]}"; do
    case $role in
      SCRATCH_DEV[0-9]*) pool+=("$role") ;;
      SCRATCH_DEV) ;;
      *) lines+=("$role=${device_of[$role]}") ;;
    esac
  done
  if ((${#pool[@]} > 0)); then
    local devices=(${device_of[SCRATCH_DEV]})
    for role in $(printf '%s\n' "${pool[@]}" | sort -V); do devices+=("${device_of[$role]}"); done
    lines+=("SCRATCH_DEV_POOL=\"${devices[*]}\"")
  elif [[ -n ${device_of[SCRATCH_DEV]} ]]; then
    lines+=("SCRATCH_DEV=${device_of[SCRATCH_DEV]}")
  fi
  [[ -z ${device_of[SCRATCH_LOGDEV]}${device_of[SCRATCH_RTDEV]} ]] || lines+=(USE_EXTERNAL=yes)
  write_config "FSTYP=$fstyp" "${lines[@]}"
  if [[ $(blkid -o value -s TYPE "${device_of[TEST_DEV]}") != "$fstyp" ]]; then
    # shellcheck disable=SC2086 # options are words
    "mkfs.$fstyp" -q $FSTESTS_MKFS_OPTIONS "${device_of[TEST_DEV]}" >/run/mkfs.log 2>&1 ||
      die "mkfs.$fstyp of TEST_DEV failed: $(tail -n 3 /run/mkfs.log)"
  fi
}

has_test_dev() {
  roles | grep -q '^TEST_DEV '
}

# write_config LINE…: local.config of the tree. Lines of the user's own come later, so they win; in each of its sections.
write_config() {
  local own=/usr/local/lib/fstests/local.config config=$fstests/local.config
  local lines=("$@" TEST_DIR=/mnt/test SCRATCH_MNT=/mnt/scratch KEEP_DMESG=yes)
  # They are variables of the environment, too: those of a configuration of rapido.toml stand there.
  # shellcheck disable=SC2016
  lines+=('MKFS_OPTIONS="$FSTESTS_MKFS_OPTIONS"' 'MOUNT_OPTIONS="$FSTESTS_MOUNT_OPTIONS"')
  mkdir -p /mnt/test /mnt/scratch /root/core
  rm -f "$config"
  if [[ -f $own ]] && grep -q '^\[' "$own"; then
    local line
    while IFS= read -r line; do
      printf '%s\n' "$line"
      [[ $line != \[* ]] || printf '%s\n' "${lines[@]}"
    done <"$own" >"$config"
  else
    printf 'export %s\n' "${lines[@]}" >"$config"
    [[ ! -f $own ]] || cat "$own" >>"$config"
  fi
}
