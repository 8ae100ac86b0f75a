#!/bin/bash
set -e
paths=$(disk_paths hd)

cat >/etc/multipath.conf <<CONF
defaults {
  user_friendly_names yes
  find_multipaths no
  polling_interval 1
  max_polling_interval 2
  failback immediate
  path_selector "$MULTIPATH_POLICY 0"
  path_grouping_policy $MULTIPATH_GROUPING
  path_checker $MULTIPATH_CHECKER
  detect_checker no
  no_path_retry $MULTIPATH_NO_PATH_RETRY
}
CONF

# The user's own tree, where multipath.src names one: its programs look for libraries and plug-ins in it.
if [[ -n $MULTIPATH_SRC ]]; then
  PATH=$MULTIPATH_SRC/multipathd:$MULTIPATH_SRC/multipath:$PATH
  for part in libmultipath libmpathutil libmpathcmd libmpathpersist; do
    LD_LIBRARY_PATH=$MULTIPATH_SRC/$part${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
  done
  export LD_LIBRARY_PATH
  plugins=$(find / -xdev -type d -path '*/multipath' -exec test -e '{}/libcheckdirectio.so' \; -print -quit)
  find "$MULTIPATH_SRC/libmultipath" -name 'lib*.so' -mindepth 2 -exec cp '{}' "${plugins:-/lib/multipath}/" \;
fi

# The order matters: whoever maps the paths is there before they are.
/usr/lib/systemd/systemd-udevd --daemon
modprobe -qa dm_multipath "dm_${MULTIPATH_POLICY//-/_}" sd_mod sg || true
setsid multipathd -d -s </dev/null >/run/multipathd.log 2>&1 &
load virtio_scsi

all_paths_up() { [[ $(dmsetup status mpatha 2>/dev/null | grep -oE '[0-9]+:[0-9]+ A ' | wc -l) == "$paths" ]]; }
wait_for 30 all_paths_up
wait_for 5 test -b /dev/mapper/mpatha
echo "/dev/mapper/mpatha has $paths paths"
