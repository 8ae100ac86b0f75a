# shellcheck shell=bash
# Sourced by the boot.sh of multipath, multipath-alua and open-iscsi.

multipath_sections= # more of multipath.conf, behind [defaults]

# start_udevd: without it, multipathd finds nothing. Start it before there are paths.
start_udevd() {
  /usr/lib/systemd/systemd-udevd --daemon 2>/run/udevd.log
}

# start_multipathd [LINE…]: multipathd with the settings of `multipath`, and these lines of its [defaults].
start_multipathd() {
  cat >/etc/multipath.conf <<CONF
defaults {
  user_friendly_names yes
  find_multipaths no
  polling_interval 1
  max_polling_interval 2
  failback immediate
  path_selector "$MULTIPATH_POLICY 0"
  path_checker $MULTIPATH_CHECKER
  detect_checker no
  no_path_retry $MULTIPATH_NO_PATH_RETRY
$(printf '  %s\n' "$@")
}
$multipath_sections
CONF
  use_tree
  modprobe -qa dm_multipath "dm_${MULTIPATH_POLICY//-/_}" sd_mod sg || true
  setsid multipathd -d -s </dev/null >/run/multipathd.log 2>&1 &
}

# The user's own tree, where multipath.src names one: its programs look for libraries and plug-ins in it.
use_tree() {
  [[ -n $MULTIPATH_SRC ]] || return 0
  local part program plugins libraries=
  for part in libmultipath libmpathutil libmpathcmd libmpathpersist; do libraries+=:$MULTIPATH_SRC/$part; done
  mkdir -p /usr/local/sbin # first on everybody's PATH
  for program in multipath multipathd; do
    printf '#!/bin/bash\nLD_LIBRARY_PATH=%q exec %q "$@"\n' "${libraries#:}" "$MULTIPATH_SRC/$program/$program" \
      >/usr/local/sbin/$program
    chmod +x /usr/local/sbin/$program
  done
  for plugins in /usr/lib/multipath /usr/lib64/multipath /lib64/multipath; do
    if [[ -d $plugins ]]; then find "$MULTIPATH_SRC/libmultipath" -mindepth 2 -name 'lib*.so' -exec cp '{}' "$plugins/" \;; fi
  done
}

# wait_for_paths N: until mpatha has so many paths, all of them active.
wait_for_paths() {
  for ((tries = 0; tries < 300; tries++)); do
    has_paths "$1" && break
    sleep 0.1
  done
  if ! has_paths "$1"; then
    tail -n 5 /run/multipathd.log >&2
    die "mpatha has not $1 active paths after 30 s: $(dmsetup status mpatha 2>&1)"
  fi
  wait_for 5 test -b /dev/mapper/mpatha
  echo "/dev/mapper/mpatha has $1 paths"
}

has_paths() {
  [[ $(dmsetup status mpatha 2>/dev/null | grep -oE '[0-9]+:[0-9]+ A ' | wc -l) == "$1" ]]
}
