#!/bin/bash
set -e
# shellcheck source=profiles/multipath/multipath.sh
. /usr/local/lib/multipath.sh
start_udevd

load virtio_blk target_core_mod target_core_iblock
modprobe -q scsi_dh_alua || true
wait_for 5 test -b /dev/vda
mount -t configfs none /sys/kernel/config 2>/dev/null || true

# The LUN, and two groups of target ports with a state each.
lun=/sys/kernel/config/target/core/iblock_0/disk
mkdir -p $lun
echo udev_path=/dev/vda >$lun/control
echo 1 >$lun/enable
# A path is in the default group when the initiator first asks what it can do.
echo 1 >$lun/alua/default_tg_pt_gp/alua_access_type # implicit: the target says, the initiator does not ask
echo 7261706964610001 >$lun/wwn/vpd_unit_serial # LIO takes its hexadecimal digits for the NAA identifier
id=1
for group in a b; do
  mkdir $lun/alua/$group
  echo $id >$lun/alua/$group/tg_pt_gp_id
  echo 1 >$lun/alua/$group/alua_access_type
  echo 1 >$lun/alua/$group/alua_support_standby
  ((id += 1))
done
alua a optimized
alua b nonoptimized

# A loopback HBA of the guest for each group.
load tcm_loop
number=1
for group in a b; do
  port=/sys/kernel/config/target/loopback/naa.500140500000000$number/tpgt_1
  mkdir -p "$port"
  echo -n "naa.600140500000000$number" >"$port/nexus"
  mkdir "$port/lun/lun_0"
  ln -s "$lun" "$port/lun/lun_0/disk"
  echo "$group" >"$port/lun/lun_0/alua_tg_pt_gp"
  ((number += 1))
done
# Not before: it asks each path for its group, and believes the first answer.
udevadm settle
start_multipathd 'path_grouping_policy group_by_prio' 'prio alua'
wait_for_paths 2
