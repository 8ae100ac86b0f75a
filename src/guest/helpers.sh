# shellcheck shell=bash
# Helpers for boot.sh. They are sent together with it, so that changing them rebuilds no image.

# die MESSAGE…: ends boot.sh with a message; the run fails.
die() {
  echo "boot.sh: $*" >&2
  exit 1
}

# load MODULE…: loads kernel modules; what is built in is fine, what is missing ends boot.sh.
load() {
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

# serves_storage PID…: processes that are left alone at power-off until everything is unmounted.
serves_storage() {
  echo "$*" >>/run/rapido/storage-daemons
}

# after_unmount COMMAND…: at power-off, runs this once everything is unmounted.
after_unmount() {
  printf '%q ' "$@" >>/run/rapido/after-unmount
  echo >>/run/rapido/after-unmount
}
