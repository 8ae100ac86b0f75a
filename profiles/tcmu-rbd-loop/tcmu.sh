# shellcheck shell=bash
# tcmu-runner with its rbd handler. Sourced by boot.sh, after target.sh, and by whoever starts the daemon again:
# . /usr/local/lib/tcmu.sh && start_tcmu_runner

# shellcheck source=src/guest/helpers.sh
declare -F die >/dev/null || . /run/rapido/helpers.sh

tcmu_parameters=/sys/module/target_core_user/parameters
tcmu_run=/run/tcmu # pid, tcmu-runner.log, and so on

# start_tcmu_runner: starts the daemon and returns when it is ready. One that follows one that died takes up the devices
# that there are, and what they were asked for and have not answered.
start_tcmu_runner() {
  local program=tcmu-runner arguments=(--tcmu-log-dir "$tcmu_run")
  mkdir -p /etc/tcmu /run/lock $tcmu_run # it ends without its configuration and its lock
  [[ -e /etc/tcmu/tcmu.conf ]] || echo 'log_level = 3' >/etc/tcmu/tcmu.conf
  if [[ -n $TCMU_RUNNER_SRC ]]; then
    program=$TCMU_RUNNER_SRC/tcmu-runner
    arguments+=(--handler-path "$TCMU_RUNNER_SRC")
  fi
  rm -f $tcmu_run/tcmu-runner.log # what an earlier one said
  # The daemon unblocks this once it has its handlers and its devices, and listens. Nothing else tells.
  echo 1 >$tcmu_parameters/block_netlink
  LD_LIBRARY_PATH=$(tree_libraries) setsid "$program" "${arguments[@]}" </dev/null &>$tcmu_run/output &
  tcmu_pid=$!
  echo $tcmu_pid >$tcmu_run/pid
  serves_storage $tcmu_pid
  wait_for 60 tcmu_has_settled
  tcmu_lives || die "tcmu-runner has ended: $(tail -qn 3 $tcmu_run/tcmu-runner.log $tcmu_run/output 2>/dev/null)"
  grep -q 'Handler rbd is registered' $tcmu_run/tcmu-runner.log ||
    die "tcmu-runner has no rbd handler: $(grep -h handler $tcmu_run/tcmu-runner.log $tcmu_run/output)"
}

tcmu_lives() {
  kill -0 "$tcmu_pid" 2>/dev/null
}

# It is ready, or has ended.
tcmu_has_settled() {
  [[ $(<$tcmu_parameters/block_netlink) == unblocked ]] || ! tcmu_lives
}

# ask_image_size: writes the size of the image to a file. LIO has to know it, and the daemon takes no other one.
ask_image_size() {
  local program=rbd out
  if [[ -x $CEPH_SRC/build/bin/rbd ]]; then program=$CEPH_SRC/build/bin/rbd; fi
  mkdir -p $tcmu_run
  out=$(
    LD_LIBRARY_PATH=$(tree_libraries) timeout 30 "$program" --id "$CEPH_USER" info "$CEPH_POOL/$CEPH_IMAGE" --format json \
      2>$tcmu_run/rbd-info
  ) || die "cannot ask for the size of $CEPH_POOL/$CEPH_IMAGE as client.$CEPH_USER within 30 s: $(<$tcmu_run/rbd-info)"
  [[ $out =~ '"size":'([0-9]+) ]] || die "rbd info tells no size: $out"
  echo "${BASH_REMATCH[1]}" >$tcmu_run/size
}

# tcmu_rbd_lun: LUN 0 is the image. The daemon has the key from the file that $CEPH_CONF names.
tcmu_rbd_lun() {
  local identity=$CEPH_FSID/$CEPH_POOL/$CEPH_IMAGE config size
  size=$(<$tcmu_run/size)
  config="rbd/$CEPH_POOL/$CEPH_IMAGE;conf=$CEPH_CONF;id=$CEPH_USER"
  after_unmount bash -c '. /usr/local/lib/target.sh && release_luns' # else the image stays locked for half a minute
  backstore user "$CEPH_IMAGE" "$identity" $((size / 1024 / 1024)) "dev_config=$config,dev_size=$size"
  # I/O waits for a daemon that is not there, as long as it takes: after 30 s the kernel would answer EIO.
  echo 0 >"${luns[0]:?}/attrib/cmd_time_out"
}

# tree_libraries: where the libraries of the user's own trees are; nothing where there are none.
tree_libraries() {
  local folders=
  if [[ -n $TCMU_RUNNER_SRC ]]; then folders+=:$TCMU_RUNNER_SRC; fi
  if [[ -n $CEPH_SRC ]]; then folders+=:$CEPH_SRC/build/lib; fi
  echo "${folders#:}"
}
