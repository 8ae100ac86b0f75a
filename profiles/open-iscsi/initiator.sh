# shellcheck shell=bash
# Sourced by the boot.sh of open-iscsi, after multipath.sh.

initiator=${ISCSI_INITIATORS%% *}
disks=() # in sysfs, each SCSI disk of each session: /sys/class/iscsi_session/session1/device/target2:0:0/2:0:0:0

# start_iscsid: with the settings of `iscsi`. It lives until what is on its disks is unmounted.
start_iscsid() {
  use_iscsi_tree
  mkdir -p /etc/iscsi /var/lib/iscsi /run/lock/iscsi
  echo "InitiatorName=$initiator" >/etc/iscsi/initiatorname.iscsi
  write_iscsid_conf
  setsid iscsid -f </dev/null >/run/iscsid.log 2>&1 &
  iscsid=$!
  serves_storage "$iscsid"
  after_unmount iscsiadm -m node -u
  wait_for 30 iscsid_has_settled
  kill -0 "$iscsid" 2>/dev/null || die "iscsid has ended: $(</run/iscsid.log)"
}

# It has the socket that iscsiadm talks to, or has ended.
iscsid_has_settled() {
  [[ $(</proc/net/unix) == *ISCSIADM_ABSTRACT_NAMESPACE* ]] || ! kill -0 "$iscsid" 2>/dev/null
}

# write_iscsid_conf: for root alone, and `set -x` shall not show the password.
write_iscsid_conf() {
  local -
  set +x
  cat >/etc/iscsi/iscsid.conf <<CONF
node.startup = manual
node.session.timeo.replacement_timeout = $ISCSI_REPLACEMENT_TIMEOUT
node.conn[0].timeo.noop_out_interval = $ISCSI_NOOP_OUT_INTERVAL
node.conn[0].timeo.noop_out_timeout = $ISCSI_NOOP_OUT_TIMEOUT
# Somebody waits for these.
node.conn[0].timeo.login_timeout = 5
node.conn[0].timeo.logout_timeout = 5
node.session.initial_login_retry_max = 2
discovery.sendtargets.timeo.login_timeout = 5
discovery.sendtargets.reopen_max = 1
CONF
  chmod 600 /etc/iscsi/iscsid.conf
  [[ -n $ISCSI_CHAP_USER ]] || return 0
  cat >>/etc/iscsi/iscsid.conf <<CONF
node.session.auth.authmethod = CHAP
node.session.auth.username = $ISCSI_CHAP_USER
node.session.auth.password = $(<"$RAPIDO_SECRETS/chap_password")
CONF
}

# The user's own tree, where open_iscsi.src names one, built by make or by meson.
use_iscsi_tree() {
  [[ -n $OPEN_ISCSI_SRC ]] || return 0
  local program folder
  mkdir -p /usr/local/sbin # first on everybody's PATH
  for program in iscsid iscsiadm; do
    folder=$OPEN_ISCSI_SRC/usr
    [[ -x $folder/$program ]] || folder=$OPEN_ISCSI_SRC/builddir
    [[ -x $folder/$program ]] || die "open_iscsi.src: $OPEN_ISCSI_SRC has neither usr/$program nor builddir/$program"
    printf '#!/bin/bash\nLD_LIBRARY_PATH=%q exec %q "$@"\n' \
      "$OPEN_ISCSI_SRC/libopeniscsiusr:$OPEN_ISCSI_SRC/builddir" "$folder/$program" >/usr/local/sbin/$program
    chmod +x /usr/local/sbin/$program
  done
}

# log_in: to all portals of all targets that iscsi.portal knows.
log_in() {
  local portal said
  find_portal
  said=$(iscsiadm -m discovery -t sendtargets -p "$portal" 2>&1) || die "no target at the portal $portal:"$'\n'"$said"
  said=$(iscsiadm -m node -l 2>&1) && return
  said=$(grep '^iscsiadm: ' <<<"$said"; grep -iE 'login|connect' /run/iscsid.log; true)
  # What a second portal is for: one is enough to go on.
  compgen -G '/sys/class/iscsi_session/session*' >/dev/null ||
    die "no login as $initiator${ISCSI_CHAP_USER:+, user $ISCSI_CHAP_USER}; has the target an ACL for it, and this user and" \
      "password for CHAP, or none?"$'\n'"$said"
  echo "$said" >&2
}

# find_portal: sets `portal`. A name becomes its IPv4 address, which is what the target is on.
find_portal() {
  local address names name
  local -A ipv4
  while read -r address names; do
    for name in $names; do
      if [[ $address != *:* ]]; then ipv4[$name]=$address; fi
    done
  done </etc/hosts
  name=target
  [[ -v ipv4[target] ]] || name=rapido1
  portal=${ISCSI_PORTAL:-$name}
  name=${portal%:*}
  if [[ -v ipv4[$name] ]]; then portal=${ipv4[$name]}${portal#"$name"}; fi
}

# find_disks: sets `disks`. A login returns when its LUNs have been looked for.
find_disks() {
  local disk type
  for disk in /sys/class/iscsi_session/session*/device/target*/*:*:*:*; do
    [[ -e $disk/type ]] || continue
    read -r type <"$disk/type"
    if ((type == 0)); then disks+=("$disk"); fi # what has no LUN at all answers as another type
  done
  ((${#disks[@]})) || die "logged in as $initiator, but there are no LUNs for it: $(</run/iscsid.log)"
}

# map_disks: multipathd, with a map for each LUN. multipathd knows each disk by what udev has found out.
map_disks() {
  local disk sections lun wwid
  local -A named
  wait_for 30 have_nodes
  udevadm settle
  # Overrides: what multipathd knows of LIO itself stands over its defaults.
  sections="overrides {
  path_grouping_policy $MULTIPATH_GROUPING
  no_path_retry $MULTIPATH_NO_PATH_RETRY
  fast_io_fail_tmo $ISCSI_FAST_IO_FAIL_TMO
}
multipaths {
"
  for disk in "${disks[@]}"; do
    lun=${disk##*:}
    read -r wwid <"$disk/wwid" || continue
    # Of two targets, one has the name; what has no NAA identifier is mpatha, and so on.
    [[ $wwid == naa.* && ! -v named[lun$lun] ]] || continue
    named[lun$lun]=$wwid
    sections+="  multipath {
    wwid 3${wwid#naa.}
    alias lun$lun
  }
"
  done
  # shellcheck disable=SC2034 # start_multipathd reads it
  multipath_sections="$sections}"
  start_multipathd
  serves_storage $!
  wait_for 60 have_maps
}

have_nodes() {
  local disk
  for disk in "${disks[@]}"; do
    compgen -G "$disk/block/*" >/dev/null || return
  done
}

# Whether each disk is a path of a map that can be opened.
have_maps() {
  local disk map name
  for disk in "${disks[@]}"; do
    for map in "$disk"/block/*/holders/dm-*; do
      [[ -e $map ]] || return
      read -r name <"$map/dm/name"
      [[ -b /dev/mapper/$name ]] || return
    done
  done
}

# show_maps: what there is, by which ways.
show_maps() {
  local disk connection address port node name map model size order=()
  local -A about paths
  for disk in "${disks[@]}"; do
    for connection in "${disk%/target*}"/connection*/iscsi_connection/*; do
      read -r address <"$connection/persistent_address"
      read -r port <"$connection/persistent_port"
    done
    for node in "$disk"/block/*; do
      for map in "$node"/holders/dm-*; do read -r name <"$map/dm/name"; done
      read -r size <"$node/size"
    done
    read -r model <"$disk/model"
    [[ -v about[$name] ]] || order+=("$name")
    printf -v "about[$name]" '%-4s %-18s %-16s %6sM' "${disk##*:}" "/dev/mapper/$name" "$model" $((size / 2048))
    paths[$name]+="  ${node##*/} by $address:$port"
  done
  printf '%-4s %-18s %-16s %7s  %s\n' LUN DISK NAME SIZE PATHS
  for name in "${order[@]}"; do echo "${about[$name]}${paths[$name]}"; done
}
