import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** The package managers rapido knows, by the program that says which one a host has. */
export type PackageManager = 'apt' | 'dnf' | 'zypper' | 'pacman'

/** The package manager of this host; undefined where it has none that rapido knows. `root` is for tests. */
export function packageManager(root = '/'): PackageManager | undefined {
  return managers.find(({ program }) => existsSync(join(root, 'usr/bin', program)))?.name
}

/** What provides a program, by the name one types: its package where that is known, else a command that finds it. */
export function providerOf(
  program: string,
  manager: PackageManager | undefined,
): { package: string } | { find: string } {
  if (manager === undefined) return { find: `find the package that has ${program}` }
  const name = packageOf(program, manager)
  return name === undefined ? { find: finders[manager](program) } : { package: name }
}

/** The command that installs packages, as one types it. */
export function installCommand(manager: PackageManager | undefined, packages: string[]): string {
  if (manager === undefined) return ['install', ...packages].join(' ')
  return [installers[manager], ...new Set(packages)].join(' ')
}

/** The command that installs the distribution's kernel. */
export function kernelInstallCommand(root = '/'): string {
  const manager = packageManager(root)
  if (manager === undefined) return "install your distribution's kernel package"
  const ubuntu =
    existsSync(join(root, 'etc/apt/sources.list.d/ubuntu.sources')) ||
    existsSync(join(root, 'usr/share/doc/ubuntu-release'))
  return installCommand(manager, [manager === 'apt' && ubuntu ? 'linux-image-generic' : kernels[manager]])
}

function packageOf(program: string, manager: PackageManager): string | undefined {
  const row = rows.find(([programs]) => ` ${programs} `.includes(` ${program} `))
  if (row === undefined) return undefined
  const column = managers.findIndex(({ name }) => name === manager)
  const names = row[1].split(' | ')
  return names.length === 1 ? names[0] : names[column]
}

const managers: { name: PackageManager; program: string }[] = [
  { name: 'apt', program: 'apt-get' },
  { name: 'dnf', program: 'dnf' },
  { name: 'zypper', program: 'zypper' },
  { name: 'pacman', program: 'pacman' },
]

const installers = { apt: 'apt install', dnf: 'dnf install', zypper: 'zypper install', pacman: 'pacman -S' }

const finders = {
  apt: (program: string) => `apt-file search ${isPath(program) ? program : `bin/${program}`}`,
  dnf: (program: string) => `dnf provides '${isPath(program) ? program : `*/bin/${program}`}'`,
  zypper: (program: string) => (isPath(program) ? `zypper search --provides ${program}` : `cnf ${program}`),
  pacman: (program: string) => `pacman -F ${program}`,
}

function isPath(program: string): boolean {
  return program.startsWith('/')
}

const kernels = { apt: 'linux-image-amd64', dnf: 'kernel', zypper: 'kernel-default', pacman: 'linux' }

// Programs, then their package: one name for all, or apt | dnf | zypper | pacman.
const rows: [programs: string, packages: string][] = [
  ['dracut', 'dracut-core | dracut | dracut | dracut'],
  ['cpio', 'cpio'],
  ['qemu-system-x86_64', 'qemu-system-x86 | qemu-system-x86-core | qemu-x86 | qemu-system-x86'],
  ['block-rbd.so', 'qemu-block-extra | qemu-block-rbd | qemu-block-rbd | qemu-block-rbd'], // a module of QEMU
  ['bash', 'bash'],
  ['perl', 'perl-base | perl-interpreter | perl-base | perl'],
  ['ip ss tc bridge', 'iproute2 | iproute | iproute2 | iproute2'],
  ['ping', 'iputils-ping | iputils | iputils | iputils'],
  ['modprobe insmod rmmod lsmod depmod modinfo kmod', 'kmod'],
  [
    'udevadm systemd-udevd /usr/lib/systemd/systemd-udevd /usr/lib/udev/scsi_id',
    'udev | systemd-udev | udev | systemd',
  ],
  ['systemctl systemd', 'systemd'],
  ['mount umount losetup swapon swapoff', 'mount | util-linux-core | util-linux | util-linux'],
  ['lsblk findmnt mountpoint blkid blockdev dmesg setsid setpriv flock unshare nsenter', 'util-linux'],
  ['sfdisk fdisk', 'fdisk | util-linux | util-linux | util-linux'],
  ['ps top free pgrep pkill sysctl vmstat', 'procps | procps-ng | procps | procps-ng'],
  ['find xargs', 'findutils'],
  [
    'basename cat chmod chown cp cut date dd df dirname du echo env expr head id ln ls md5sum mkdir mkfifo mknod mktemp mv ' +
      'nproc od pwd readlink realpath rm rmdir seq sha256sum sleep sort split stat stty sync tail tee timeout touch tr ' +
      'truncate tty uname uniq wc yes',
    'coreutils',
  ],
  ['cmp diff', 'diffutils'],
  ['tar', 'tar'],
  ['grep', 'grep'],
  ['sed', 'sed'],
  ['gawk', 'gawk'],
  ['less', 'less'],
  ['vim', 'vim | vim-enhanced | vim | vim'],
  ['strace', 'strace'],
  ['gdb', 'gdb'],
  ['bc', 'bc'],
  ['jq', 'jq'],
  ['socat', 'socat'],
  ['fio', 'fio'],
  ['lspci setpci', 'pciutils'],
  ['lsusb', 'usbutils'],
  ['lsscsi', 'lsscsi'],
  ['sg_inq sg_map sg_persist sg_rtpg sg_turs', 'sg3-utils | sg3_utils | sg3_utils | sg3_utils'],
  ['hdparm', 'hdparm'],
  ['sgdisk', 'gdisk | gdisk | gptfdisk | gptfdisk'],
  ['parted partprobe', 'parted'],
  ['mkfs.xfs xfs_io xfs_repair xfs_growfs xfs_db xfs_info xfs_admin xfs_logprint xfs_mdrestore', 'xfsprogs'],
  ['mkfs.ext4 mke2fs e2fsck fsck.ext4 tune2fs resize2fs dumpe2fs debugfs chattr lsattr', 'e2fsprogs'],
  ['mkfs.btrfs btrfs btrfsck', 'btrfs-progs | btrfs-progs | btrfsprogs | btrfs-progs'],
  ['mkfs.vfat fsck.vfat', 'dosfstools'],
  ['mkfs.exfat fsck.exfat', 'exfatprogs'],
  ['mkfs.f2fs', 'f2fs-tools'],
  ['mkfs.ocfs2', 'ocfs2-tools'],
  ['mkudffs', 'udftools'],
  ['getfattr setfattr attr', 'attr'],
  ['getfacl setfacl', 'acl'],
  ['quota quotaon quotacheck setquota repquota', 'quota'],
  ['dbench', 'dbench'],
  ['duperemove', 'duperemove'],
  [
    'multipath multipathd mpathpersist',
    'multipath-tools | device-mapper-multipath | multipath-tools | multipath-tools',
  ],
  ['kpartx', 'kpartx | kpartx | kpartx | multipath-tools'],
  ['dmsetup', 'dmsetup | device-mapper | device-mapper | device-mapper'],
  ['lvm pvcreate vgcreate lvcreate pvs vgs lvs', 'lvm2'],
  ['mdadm', 'mdadm'],
  ['cryptsetup', 'cryptsetup-bin | cryptsetup | cryptsetup | cryptsetup'],
  ['iscsiadm iscsid iscsistart', 'open-iscsi | iscsi-initiator-utils | open-iscsi | open-iscsi'],
  ['targetcli', 'targetcli-fb | targetcli | targetcli | targetcli-fb'],
  ['tcmu-runner', 'tcmu-runner'],
  ['nvme', 'nvme-cli'],
  ['nbd-client', 'nbd-client | nbd | nbd | nbd'],
  ['nbd-server', 'nbd-server | nbd | nbd | nbd'],
  ['mount.ceph ceph rbd rados ceph-conf ceph-rbdnamer', 'ceph-common'],
  ['ceph-mon monmaptool', 'ceph-mon'],
  ['ceph-osd', 'ceph-osd'],
  ['ceph-mgr', 'ceph-mgr'],
  ['ceph-mds', 'ceph-mds'],
  ['ceph-fuse', 'ceph-fuse'],
  ['rbd-nbd', 'rbd-nbd'],
  ['mount.cifs cifs.upcall', 'cifs-utils'],
  ['smbd smbclient', 'samba'],
  ['mount.nfs mount.nfs4 rpc.statd exportfs rpc.nfsd', 'nfs-common | nfs-utils | nfs-client | nfs-utils'],
  ['rpcbind', 'rpcbind'],
  ['ssh scp ssh-keygen', 'openssh-client | openssh-clients | openssh-clients | openssh'],
  ['sshd', 'openssh-server | openssh-server | openssh-server | openssh'],
  ['dropbear dropbearkey', 'dropbear-bin | dropbear | dropbear | dropbear'],
  ['keyctl', 'keyutils'],
  ['usbip usbipd', 'usbip | usbip | usbip | usbip'],
  ['ethtool', 'ethtool'],
  ['tcpdump', 'tcpdump'],
  ['dnsmasq', 'dnsmasq-base | dnsmasq | dnsmasq | dnsmasq'],
  ['iperf3', 'iperf3 | iperf3 | iperf | iperf3'],
  ['slirp4netns', 'slirp4netns'],
  ['trace-cmd', 'trace-cmd'],
  ['bpftrace', 'bpftrace'],
  ['blktrace', 'blktrace'],
  ['stress-ng', 'stress-ng'],
  ['virtiofsd', 'virtiofsd'],
]
