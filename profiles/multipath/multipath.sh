# shellcheck shell=bash
# Sourced by the boot.sh of multipath and multipath-alua.

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
CONF
  use_tree
  modprobe -qa dm_multipath "dm_${MULTIPATH_POLICY//-/_}" sd_mod sg || true
  setsid multipathd -d -s </dev/null >/run/multipathd.log 2>&1 &
}

# The user's own tree, where multipath.src names one: its programs look for libraries and plug-ins in it.
use_tree() {
  [[ -n $MULTIPATH_SRC ]] || return 0
  local part plugins
  PATH=$MULTIPATH_SRC/multipathd:$MULTIPATH_SRC/multipath:$PATH
  for part in libmultipath libmpathutil libmpathcmd libmpathpersist; do
    LD_LIBRARY_PATH=$MULTIPATH_SRC/$part${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
  done
  export LD_LIBRARY_PATH
  for plugins in /usr/lib/multipath /usr/lib64/multipath /lib64/multipath; do
    [[ -d $plugins ]] && find "$MULTIPATH_SRC/libmultipath" -mindepth 2 -name 'lib*.so' -exec cp '{}' "$plugins/" \;
  done
}

# wait_for_paths N: until mpatha has so many paths, all of them active.
wait_for_paths() {
  wait_for 30 has_paths "$1"
  wait_for 5 test -b /dev/mapper/mpatha
  echo "/dev/mapper/mpatha has $1 paths"
}

has_paths() {
  [[ $(dmsetup status mpatha 2>/dev/null | grep -oE '[0-9]+:[0-9]+ A ' | wc -l) == "$1" ]]
}
