# shellcheck shell=bash
# The kernel's SCSI target, LIO, by configfs alone. Sourced by the boot.sh of lio, lio-loop, lio-rbd, lio-rbd-loop and
# tcmu-rbd-loop:
#
#   start_target target_core_file target_core_iblock iscsi_target_mod
#   backstore_file ram /run/ram 512 "an identity"       LUN 0
#   backstore_block disk /dev/vda "another identity"    LUN 1, and so on
#   export_iscsi                                        all of them, by iSCSI
#   export_loop                                         all of them, as SCSI disks of this guest
#   show_luns
#
# It needs sha256sum, stat and perl in the image; export_iscsi needs ip, and the variables ISCSI_TARGET_IQN,
# ISCSI_INITIATORS and, for CHAP, ISCSI_CHAP_USER.

target=/sys/kernel/config/target
luns=()      # the folder of each backstore, by LUN
lun_sizes=() # in MiB
loop_disks=() # /dev/sda…, by LUN, once they are exported by export_loop
portals=()   # ADDRESS:PORT, once they are exported by export_iscsi

# start_target MODULE…: these modules of LIO, and configfs. The modules first: the mount point is of one of them.
start_target() {
  load configfs target_core_mod "$@"
  [[ -d $target ]] || mount -t configfs none /sys/kernel/config
}

# backstore_file NAME FILE MIB IDENTITY: the next LUN is this file, which is made, sparse.
backstore_file() {
  backstore fileio "$1" "$4" "$3" "fd_dev_name=$2,fd_dev_size=$(($3 * 1024 * 1024))"
}

# backstore_block NAME DEVICE IDENTITY: the next LUN is this block device.
backstore_block() {
  local folder=/sys/class/block/${2##*/} number sectors is_readonly
  if [[ ! -e $folder ]]; then # a link, or a node with a name of its own
    number=$(stat -Lc '%t:%T' "$2")
    folder=/sys/dev/block/$((16#${number%:*})):$((16#${number#*:}))
  fi
  read -r sectors <"$folder/size"
  read -r is_readonly <"$folder/ro"
  backstore iblock "$1" "$3" $((sectors / 2048)) "udev_path=$2,readonly=$is_readonly"
}

# backstore PLUGIN NAME IDENTITY MIB CONTROL: the next LUN, of any plugin: `backstore user NAME IDENTITY MIB dev_config=…`.
# Its serial number and NAA identifier are made of IDENTITY, so that it is the same LUN after a reboot, and where another
# machine exports the same data.
backstore() {
  local plugin=$1 name=$2 identity=$3 mib=$4 control=$5 folder digits most
  folder=$target/core/${plugin}_${#luns[@]}/$name
  mkdir -p "$folder"
  echo "$control" >"$folder/control"
  echo 1 >"$folder/enable" || die "LUN ${#luns[@]}: the kernel does not take $control"
  # LIO takes the hexadecimal digits of the serial number for the NAA identifier, and nothing else of it.
  digits=$(sha256sum <<<"$identity")
  echo "${digits:0:32}" >"$folder/wwn/vpd_unit_serial"
  # The model of the disk, as the initiator sees it; older kernels have the plugin's name there.
  if [[ -w $folder/wwn/product_id ]]; then echo "${name:0:16}" >"$folder/wwn/product_id"; fi
  # Discard, where what is behind it can do so: the kernel complains otherwise.
  most=0 # tcmu-runner has a say of its own in this
  if [[ -e $folder/attrib/max_unmap_block_desc_count ]]; then read -r most <"$folder/attrib/max_unmap_block_desc_count"; fi
  if ((most > 0)); then echo 1 >"$folder/attrib/emulate_tpu"; fi
  luns+=("$folder")
  lun_sizes+=("$mib")
}

# export_iscsi: one target with two target portal groups, both with all LUNs: the first is on the first NIC, port 3260,
# the second on the last NIC, port 3261. IPv4.
export_iscsi() {
  local iqn=$target/iscsi/$ISCSI_TARGET_IQN addresses=() address tpg acl lun initiator folders=() links=()
  while read -r _ _ _ address _; do addresses+=("${address%/*}"); done < <(ip -o -4 addr show scope global)
  ((${#addresses[@]})) || die "no NIC of this guest has an IPv4 address"
  portals=("${addresses[0]}:3260" "${addresses[-1]}:3261")

  for tpg in 1 2; do
    for lun in "${!luns[@]}"; do
      folders+=("$iqn/tpgt_$tpg/lun/lun_$lun")
      links+=("${luns[lun]}" "$iqn/tpgt_$tpg/lun/lun_$lun/backstore")
    done
    for initiator in $ISCSI_INITIATORS; do
      acl=$iqn/tpgt_$tpg/acls/$initiator
      for lun in "${!luns[@]}"; do
        folders+=("$acl/lun_$lun")
        links+=("$iqn/tpgt_$tpg/lun/lun_$lun" "$acl/lun_$lun/lun")
      done
    done
  done
  mkdir -p "${folders[@]}"
  make_links "${links[@]}"

  for tpg in 1 2; do
    echo 0 >"$iqn/tpgt_$tpg/attrib/generate_node_acls"
    if [[ -n ${ISCSI_CHAP_USER-} ]]; then
      echo 1 >"$iqn/tpgt_$tpg/attrib/authentication"
      for initiator in $ISCSI_INITIATORS; do require_chap "$iqn/tpgt_$tpg/acls/$initiator/auth"; done
    else
      echo 0 >"$iqn/tpgt_$tpg/attrib/authentication"
    fi
  done
  for tpg in 1 2; do echo 1 >"$iqn/tpgt_$tpg/enable"; done
  # Last: an initiator may be waiting for the target to come back, and shall not see half of it.
  mkdir "$iqn/tpgt_1/np/${portals[0]}" "$iqn/tpgt_2/np/${portals[1]}"
  after_unmount bash -c '. /usr/local/lib/target.sh && await_logouts'
}

# await_logouts: a group is powered off all at once, and an initiator that loses its disks before it has unmounted them
# hangs. It has 3 s.
await_logouts() {
  local tries
  for ((tries = 0; tries < 30; tries++)); do
    has_sessions || return 0
    sleep 0.1
  done
}

has_sessions() {
  local info line
  for info in "$target"/iscsi/*/*/acls/*/info; do
    [[ -e $info ]] || continue
    read -r line <"$info" || continue
    [[ $line == "No active"* ]] || return 0
  done
  return 1
}

# require_chap FOLDER: LIO takes what is written as it is, with a newline at its end; `set -x` shall not show it.
require_chap() {
  local -
  set +x
  printf %s "$ISCSI_CHAP_USER" >"$1/userid"
  printf %s "$(<"$RAPIDO_SECRETS/chap_password")" >"$1/password"
}

# make_links TARGET LINK…: in one process, where `ln` would be one for each: a fork costs 20 ms where there is no KVM.
make_links() {
  # shellcheck disable=SC2016 # that is Perl
  perl -e 'while (my ($to, $link) = splice @ARGV, 0, 2) { symlink $to, $link or die "$link: $!\n" }' "$@"
}

# export_loop: each LUN is a SCSI disk of this guest: loop_disks has their names.
export_loop() {
  local digits port address lun folders=() links=()
  load sd_mod tcm_loop
  digits=$(sha256sum <<<"${luns[*]}")
  port=$target/loopback/naa.5001405${digits:0:9}/tpgt_1
  mkdir -p "$port"
  echo "naa.6001405${digits:0:9}" >"$port/nexus"
  for lun in "${!luns[@]}"; do
    folders+=("$port/lun/lun_$lun")
    links+=("${luns[lun]}" "$port/lun/lun_$lun/backstore")
  done
  mkdir "${folders[@]}"
  make_links "${links[@]}"
  read -r address <"$port/address" # HOST:CHANNEL:TARGET
  for lun in "${!luns[@]}"; do
    wait_for 30 loop_disk "$address:$lun"
    loop_disks+=("$disk")
  done
}

# loop_disk H:C:T:L: sets `disk` to the name of the SCSI disk there.
loop_disk() {
  local folder
  for folder in "/sys/bus/scsi/devices/$1/block/"*; do disk=/dev/${folder##*/}; done
  [[ -b $disk ]]
}

# release_luns: takes all exports and LUNs away, so that what is behind them is free. For power-off, before what is behind
# them is let go of: after_unmount bash -c '. /usr/local/lib/target.sh && release_luns'
release_luns() {
  await_logouts
  local group
  for group in "$target"/iscsi/*/tpgt_*; do
    if [[ -e $group ]]; then echo 0 >"$group/enable"; fi # ends the sessions
  done
  find $target/iscsi $target/loopback -type l -delete 2>/dev/null
  rmdir "$target"/core/*_[0-9]*/*/
}

# show_luns: what there is, and how to get at it.
show_luns() {
  local lun plugin
  printf '%-4s %-16s %-8s %7s  %s\n' LUN NAME BACKEND SIZE "${loop_disks:+DISK}"
  for lun in "${!luns[@]}"; do
    plugin=${luns[lun]%/*}
    plugin=${plugin##*/}
    printf '%-4s %-16s %-8s %6sM  %s\n' "$lun" "${luns[lun]##*/}" "${plugin%_*}" "${lun_sizes[lun]}" "${loop_disks[lun]-}"
  done
  if ((${#portals[@]})); then echo "$ISCSI_TARGET_IQN on ${portals[*]}"; fi
}
