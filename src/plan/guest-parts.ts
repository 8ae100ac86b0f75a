import { zramDrivers } from './zram-disks.js'

/** What rapido itself puts into every image: the part of an image plan that no profile has to name. */
export interface GuestParts {
  install: string[]
  install_optional: string[]
  include: { from: string; to: string }[]
  drivers: string[]
  drivers_optional: string[]
}

/**
 * `guestFolder` is src/guest of this package. The lists are dracut's vocabulary, as in a profile; drivers are optional
 * because a kernel without them falls back (the serial channel) or does without (pvpanic, 9p).
 */
export function guestParts(
  guestFolder: string,
  options: { share: boolean; network: boolean; tools?: boolean; zram?: boolean; drivers?: string[] },
): GuestParts {
  const { share, network, tools, zram } = options
  const file = (name: string, to: string) => ({ from: `${guestFolder}/${name}`, to })
  return {
    install: [
      'bash',
      'perl',
      'mount',
      'umount',
      'modprobe',
      'stty',
      'setsid',
      'sleep',
      'ln',
      'tar',
      'cat',
      'mkdir',
      ...['dirname', 'mktemp', 'mv', 'rm'], // rapido cp
      ...(network ? ['ip'] : []),
      ...(tools ? smallPrograms : []),
    ],
    install_optional: ['/usr/lib/locale/C.utf8', ...terminals.map((name) => `/usr/share/terminfo/${name[0]}/${name}`)],
    include: [
      file('init', '/init'),
      file('agent', '/usr/lib/rapido/agent'),
      file('console', '/usr/lib/rapido/console'),
      ...['poweroff', 'reboot', 'halt', 'shutdown'].map((name) => file('power', `/usr/sbin/${name}`)),
      ...(network ? [file('network', '/usr/lib/rapido/network'), file('host.conf', '/etc/host.conf')] : []),
      file('fstab', '/etc/fstab'),
      file('profile', '/etc/profile'),
      file('passwd', '/etc/passwd'),
      file('group', '/etc/group'),
    ],
    drivers: [...(network ? ['virtio_net'] : []), ...(zram ? zramDrivers.required : [])],
    drivers_optional: [
      'virtio_pci',
      'virtio_console', // the control channel
      'virtio_rng',
      'pvpanic_mmio', // the driver of QEMU's pvpanic on an ISA bus
      ...(network ? ['af_packet'] : []),
      ...(share ? ['9pnet_virtio', '9p'] : []),
      ...(zram ? zramDrivers.compression : []),
      ...(options.drivers ?? []), // of its disks
    ],
  }
}

/** What a profile gets with `tools`: coreutils, util-linux, kmod and the like, which every distribution has. */
// biome-ignore format: a list of words
const smallPrograms = [
  'basename', 'chmod', 'cmp', 'cp', 'cut', 'date', 'dd', 'df', 'echo', 'env', 'head', 'id', 'ls', 'md5sum', 'nproc', 'od',
  'readlink', 'rmdir', 'seq', 'sha256sum', 'sort', 'stat', 'sync', 'tail', 'tee', 'timeout', 'touch', 'tr', 'truncate',
  'uname', 'uniq', 'wc', 'yes',
  'blockdev', 'dmesg', 'find', 'grep', 'lsblk', 'lsmod', 'mountpoint', 'pgrep', 'ps', 'sed', 'xargs',
]

/** Descriptions of the terminals that people sit at, for vi and less. */
const terminals = ['linux', 'xterm', 'xterm-256color', 'screen', 'screen-256color', 'tmux-256color', 'vt220']
