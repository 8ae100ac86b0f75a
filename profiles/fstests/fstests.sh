# shellcheck shell=bash
# Sourced by the boot.sh of the profiles fstests-…: drivers, disks by role, local.config. A fork costs 20 ms where there is no
# KVM, and a suite boots often: what takes its time runs beside the rest, and what bash can do needs no program.

fstests=/opt/fstests
declare -A device_of # by role: TEST_DEV, SCRATCH_DEV, SCRATCH_DEV1, …
looks=0              # for the disks
roles='((TEST|SCRATCH)_(LOG|RT)?DEV|SCRATCH_DEV[0-9]+|LOGWRITES_DEV)'

# begin_drivers_then_udevd FILESYSTEM…: a large module takes its time to load. check looks for its programs meanwhile, and its first mount
# waits for what is being loaded. udevd, which tests on device-mapper wait for, comes after it, for there are two CPUs and mkfs
# has the other; check has its devices to look at before such a test.
begin_drivers_then_udevd() {
  {
    modprobe -qa -- "$@"
    /usr/lib/systemd/systemd-udevd --daemon
  } &>/run/fstests.drivers &
}

# use_disks FSTYP: local.config for the disks there are, and the file systems that check wants to find.
use_disks() {
  local role number devices lines=()
  [[ -n ${device_of[TEST_DEV]} ]] || die "no disk has the serial number TEST_DEV"
  for role in "${!device_of[@]}"; do
    [[ $role != SCRATCH_DEV* ]] || continue
    lines+=("$role=${device_of[$role]}")
    [[ $role != *_@(LOG|RT)DEV ]] || lines+=(USE_EXTERNAL=yes)
  done
  for number in '' {0..99}; do # in order
    devices+=${device_of[SCRATCH_DEV$number]:+ ${device_of[SCRATCH_DEV$number]}}
  done
  case $devices in
    '') ;;
    ' '*' '*) lines+=("SCRATCH_DEV_POOL=\"${devices# }\"") ;; # check takes the first one for SCRATCH_DEV
    *) lines+=("SCRATCH_DEV=${devices# }") ;;
  esac
  write_config "FSTYP=$1" "${lines[@]}"
  make_file_system TEST_DEV "$1"
  # check makes that of SCRATCH_DEV itself, but not the one below an overlay.
  [[ $FSTESTS_FSTYP != overlay || -z ${device_of[SCRATCH_DEV]} ]] || make_file_system SCRATCH_DEV "$1"
}

await_disks() {
  wait_for 10 find_disks
}

# find_disks: which disk has which role, by its serial number; whether all disks of the VM are there.
find_disks() {
  look_at_disks && return
  ((++looks > 4)) || return # init is loading the driver of those on virtio
  # On whatever bus they are: their drivers by what is on it.
  local file aliases=()
  for file in /sys/bus/{virtio,pci,scsi}/devices/*/modalias; do
    [[ ! -r $file ]] || aliases+=("$(<"$file")")
  done
  modprobe -qa -- "${aliases[@]}"
  look_at_disks
}

look_at_disks() {
  local LC_ALL=C block file serial missing=0 disk
  for disk in $RAPIDO_DISKS; do missing=$((missing + ${disk#*=})); done
  for block in /sys/block/*; do
    [[ -e $block/device ]] || continue # of no hardware: a loop device, a RAM disk
    ((missing--))
    for file in "$block"/{serial,device/serial,device/vpd_pg80}; do
      serial=
      # It may have bytes before it that are no text, one of them perhaps a line's end.
      IFS= read -r -N 64 serial 2>/dev/null <"$file"
      [[ $serial =~ ${roles}[[:space:]]*$ ]] || continue
      device_of[${BASH_REMATCH[1]}]=/dev/${block##*/}
      break
    done
  done
  for block in /dev/zram*; do # those in memory are there already, each with a link by its serial number
    for file in /run/rapido/zram/*; do
      [[ ! $block -ef $file || ! ${file##*/} =~ ^${roles}$ ]] || device_of[${file##*/}]=$block
    done
  done
  ((missing <= 0))
}

# make_file_system ROLE FSTYP: where it has none yet: a disk may be a file of its user.
make_file_system() {
  local device=${device_of[$1]} words
  if has_file_system "$device" "$2"; then return; fi
  read -ra words <<<"$FSTESTS_MKFS_OPTIONS"
  if [[ "$1 $2" == 'TEST_DEV xfs' ]]; then
    words+=(${device_of[TEST_LOGDEV]:+-l "logdev=${device_of[TEST_LOGDEV]}"})
    words+=(${device_of[TEST_RTDEV]:+-r "rtdev=${device_of[TEST_RTDEV]}"})
  fi
  "mkfs.$2" -q "${words[@]}" "$device" &>/run/fstests.mkfs || die "mkfs.$2 of $1 failed: $(head -n 3 /run/fstests.mkfs)"
}

has_file_system() {
  local magic
  case $2 in
    xfs) IFS= read -rn 4 -d '' magic <"$1" && [[ $magic == XFSB ]] ;; # the first bytes: a process less than blkid
    *) [[ $(blkid -o value -s TYPE "$1") == "$2" ]] ;;
  esac
}

# use_cephfs: two folders of the cluster's file system that no other VM has or had. The key is in the kernel's keyring, where
# mount finds it by its name: it is neither in local.config nor on a command line.
use_cephfs() {
  local boot folder name=client.$CEPH_USER
  boot=$(</proc/sys/kernel/random/boot_id)
  folder=fstests/$HOSTNAME-${boot%%-*}
  local options=name=$CEPH_USER,key=$name source=$CEPH_MONITORS:${CEPH_PATH%/}/$folder
  mount_cephfs /mnt/test
  mkdir -p /mnt/test/"$folder"/{test,scratch}
  umount /mnt/test
  base64 -d "$RAPIDO_SECRETS/ceph_key" | keyctl padd ceph "$name" @u >/run/fstests.key || die "no keyring took the key"
  if [[ $CEPH_MS_MODE != legacy ]]; then options+=,ms_mode=$CEPH_MS_MODE; fi
  options+=${CEPH_FS:+,mds_namespace=$CEPH_FS}${CEPH_MOUNT_OPTS:+,$CEPH_MOUNT_OPTS}
  # shellcheck disable=SC2016 # a configuration of rapido.toml is a variable of the environment
  write_config FSTYP=ceph "TEST_DEV=$source/test" "SCRATCH_DEV=$source/scratch" "TEST_FS_MOUNT_OPTS=\"-o $options\"" \
    'MOUNT_OPTIONS="-o '"$options"' $FSTESTS_MOUNT_OPTIONS"'
}

# write_config LINE…: local.config of the tree. Lines of the user's own come later, so they win; in each of its sections.
write_config() {
  local own=/usr/local/lib/fstests/local.config config=$fstests/local.config line
  # Variables of the environment, too: those of a configuration of rapido.toml stand there.
  # shellcheck disable=SC2016
  local lines=('MKFS_OPTIONS="$FSTESTS_MKFS_OPTIONS"' 'MOUNT_OPTIONS="$FSTESTS_MOUNT_OPTIONS"'
    'RECREATE_TEST_DEV="${FSTESTS_RECREATE:-false}"' TEST_DIR=/mnt/test SCRATCH_MNT=/mnt/scratch KEEP_DMESG=yes "$@")
  mkdir -p /mnt/test /mnt/scratch /home/{fsgqa,fsgqa2,123456-fsgqa}
  if [[ -f $own && $'\n'$(<"$own") == *$'\n['* ]]; then
    while IFS= read -r line || [[ -n $line ]]; do
      printf '%s\n' "$line"
      [[ $line != \[* ]] || printf '%s\n' "${lines[@]}"
    done <"$own" >"$config"
  else
    printf 'export %s\n' "${lines[@]}" >"$config"
    [[ ! -f $own ]] || cat "$own" >>"$config"
  fi
}

# use_tmpfs: it needs no device, but check wants names.
use_tmpfs() {
  write_config FSTYP=tmpfs TEST_DEV=tmpfs_test SCRATCH_DEV=tmpfs_scratch
}
