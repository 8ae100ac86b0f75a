# shellcheck shell=bash
# Helpers for the boot.sh of a profile that uses Ceph, sent with those of helpers.sh. The variables are of src/plan/ceph-access.ts.
#
# The key is in a file. It is never in a variable here nor on a command line: `set -x` and `ps` would tell it. Programs of
# Ceph find it by $CEPH_CONF.

# with_key BEFORE AFTER: prints BEFORE, the key, AFTER.
with_key() {
  printf %s "$1"
  cat "$RAPIDO_SECRETS/ceph_key"
  printf %s "$2"
}

# mount_cephfs FOLDER: mounts the file system with the kernel's client.
mount_cephfs() {
  local options=name=$CEPH_USER,mount_timeout=20
  if [[ $CEPH_MS_MODE != legacy ]]; then options+=,ms_mode=$CEPH_MS_MODE; fi
  if [[ -n $CEPH_FS ]]; then options+=,mds_namespace=$CEPH_FS; fi
  if [[ -n $CEPH_MOUNT_OPTS ]]; then options+=,$CEPH_MOUNT_OPTS; fi
  load ceph
  mkdir -p "$1"
  (
    umask 077
    with_key "$CEPH_MONITORS:$CEPH_PATH $1 ceph $options,secret=" $' 0 0\n' >/run/rapido/ceph.fstab
  )
  local status=0
  mount -i -T /run/rapido/ceph.fstab "$1" || status=$?
  rm /run/rapido/ceph.fstab
  ((status == 0)) || die "cannot mount $CEPH_MONITORS:$CEPH_PATH as client.$CEPH_USER"
}

# map_rbd: maps the image with the kernel's client, without a program of Ceph and without udev: /dev/rbd0, and
# /dev/rbd/POOL/IMAGE. It is unmapped at power-off.
map_rbd() {
  local options=name=$CEPH_USER each status=0
  if [[ $CEPH_MS_MODE != legacy ]]; then options+=,ms_mode=$CEPH_MS_MODE; fi
  load rbd
  (
    umask 077
    with_key "$CEPH_MONITORS $options,secret=" " $CEPH_POOL $CEPH_IMAGE" >/run/rapido/rbd-add
  )
  # The kernel's plain `add` refuses where it has single_major, which is its default.
  cat /run/rapido/rbd-add >/sys/bus/rbd/add_single_major || status=$?
  rm /run/rapido/rbd-add
  ((status == 0)) || die "cannot map $CEPH_POOL/$CEPH_IMAGE at $CEPH_MONITORS as client.$CEPH_USER"
  for each in /sys/bus/rbd/devices/*; do
    [[ $(<"$each/pool")/$(<"$each/name") == "$CEPH_POOL/$CEPH_IMAGE" ]] || continue
    after_unmount bash -c "echo ${each##*/} >/sys/bus/rbd/remove_single_major"
    link_rbd "/dev/rbd${each##*/}"
  done
}

# link_rbd DEVICE: the name that udev gives a mapped image.
link_rbd() {
  mkdir -p "/dev/rbd/$CEPH_POOL"
  ln -sfn "$1" "/dev/rbd/$CEPH_POOL/$CEPH_IMAGE"
  echo "$CEPH_POOL/$CEPH_IMAGE is $1, /dev/rbd/$CEPH_POOL/$CEPH_IMAGE"
}

# mount_ceph_fuse FOLDER: mounts the file system with ceph-fuse, which flushes it and ends when it is unmounted at power-off.
mount_ceph_fuse() {
  local options=() pid
  if [[ -n $CEPH_FS ]]; then options+=("--client_fs=$CEPH_FS"); fi
  if [[ -n $CEPH_MOUNT_OPTS ]]; then options+=(-o "$CEPH_MOUNT_OPTS"); fi
  load fuse
  mkdir -p "$1"
  ceph-fuse --id "$CEPH_USER" --pid-file /run/rapido/ceph-fuse.pid -r "$CEPH_PATH" "${options[@]}" "$1" \
    &>/run/rapido/ceph-fuse.out ||
    die "cannot mount $CEPH_PATH as client.$CEPH_USER with ceph-fuse: $(</run/rapido/ceph-fuse.out)"
  pid=$(</run/rapido/ceph-fuse.pid)
  serves_storage "$pid"
  # Unmounting does not wait for it: what was written may be in its memory still.
  after_unmount bash -c "while kill -0 $pid; do sleep 0.05; done 2>/dev/null"
}

# map_rbd_nbd: maps the image with rbd-nbd: /dev/nbd0, and /dev/rbd/POOL/IMAGE. It is unmapped at power-off.
map_rbd_nbd() {
  load nbd
  rbd-nbd --id "$CEPH_USER" --device /dev/nbd0 map "$CEPH_POOL/$CEPH_IMAGE" &>/run/rapido/rbd-nbd.out ||
    die "cannot map $CEPH_POOL/$CEPH_IMAGE as client.$CEPH_USER with rbd-nbd: $(</run/rapido/rbd-nbd.out)"
  serves_storage "$(</sys/block/nbd0/pid)"
  after_unmount rbd-nbd unmap /dev/nbd0
  link_rbd /dev/nbd0
}
