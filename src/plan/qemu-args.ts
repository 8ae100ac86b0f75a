import { arch } from './arch.js'
import { diskArgs, hotplugBus } from './disk-args.js'
import { type MachinePlan, shareTag } from './machine.js'
import type { NetworkPlan, NicPlan } from './network.js'
import { quoted } from './qemu-option.js'

/** QEMU's arguments, without the program itself. Golden files under test/fixtures/qemu pin them. */
export function qemuArgs(plan: MachinePlan): string[] {
  return [
    ...baseArgs(plan),
    ...bootArgs(plan),
    ...consoleArgs(),
    // In this order they are found. Those that every machine has come first: a snapshot has only them, on the same slots.
    ...channelArgs(plan),
    ...deviceArgs(),
    ...shareArgs(plan),
    ...diskArgs(plan.disks),
    ...networkArgs(plan.network),
    ...endArgs(plan),
    ...gdbArgs(plan),
    ...plan.extraArgs,
  ]
}

function baseArgs(plan: MachinePlan): string[] {
  // biome-ignore format: an option and its value share a line
  return [
    '-name', `rapido${plan.number}`,
    '-nodefaults', // no NIC, VGA, floppy or CD that the plan does not name
    '-no-user-config',
    '-display', 'none',
    '-machine', plan.memoryFile ? `${arch.machine},memory-backend=ram` : arch.machine,
    ...memoryFileArgs(plan),
    '-accel', plan.accel,
    '-cpu', plan.accel === 'kvm' ? 'host' : arch.emulatedCpu,
    '-smp', String(plan.cpus),
    '-m', `${plan.memoryMiB}M`,
  ]
}

/** A machine that is restored waits for its state, which comes over QMP (machine/snapshot.ts). */
function memoryFileArgs({ memoryFile, memoryMiB }: MachinePlan): string[] {
  if (memoryFile === undefined) return []
  const { path, use } = memoryFile
  const backend = `memory-backend-file,id=ram,size=${memoryMiB}M,mem-path=${quoted(path)}`
  return use === 'make' ? ['-object', `${backend},share=on`] : ['-object', `${backend},share=off`, '-incoming', 'defer']
}

function bootArgs(plan: MachinePlan): string[] {
  return ['-kernel', plan.kernel, '-initrd', plan.initrd, '-append', plan.kernelArgs.join(' ')]
}

/** The console and QEMU's monitor share the pty: Ctrl-A c switches, Ctrl-A x quits. */
function consoleArgs(): string[] {
  // biome-ignore format: an option and its value share a line
  return [
    '-chardev', 'stdio,id=console,mux=on,signal=off', // Ctrl-C belongs to the guest
    '-serial', 'chardev:console',
    '-mon', 'chardev=console,mode=readline',
  ]
}

function channelArgs(plan: MachinePlan): string[] {
  const chardev = ['-chardev', `socket,id=control,path=${quoted(plan.sockets.control)}`]
  switch (plan.channel.kind) {
    case 'virtio':
      // biome-ignore format: an option and its value share a line
      return [
        ...chardev,
        '-device', 'virtio-serial-pci,id=channels,disable-legacy=on',
        '-device', 'virtserialport,bus=channels.0,chardev=control,id=control,name=rapido.control',
      ]
    case 'serial':
      return [...chardev, '-serial', 'chardev:control']
  }
}

function deviceArgs(): string[] {
  // biome-ignore format: an option and its value share a line
  return [
    '-device', 'virtio-rng-pci,disable-legacy=on', // entropy early
    '-device', `pci-bridge,id=${hotplugBus},chassis_nr=1`,
    '-device', 'vmgenid,guid=auto', // tells a kernel that knows it that it goes on from a snapshot
    '-device', 'pvpanic', // tells of a panic by QMP, whatever the console shows
  ]
}

function shareArgs({ share }: MachinePlan): string[] {
  if (share === undefined) return []
  const options = `local,path=${quoted(share.path)},mount_tag=${shareTag},security_model=none,multidevs=remap`
  return ['-virtfs', `${options}${share.readonly ? ',readonly=on' : ''}`]
}

function networkArgs(network: NetworkPlan): string[] {
  if (network.kind === 'none') return []
  return network.nics.flatMap((nic) => [
    '-netdev',
    network.kind === 'user' ? userNetdev(nic, network.forwards) : tapNetdev(nic, network.tap),
    '-device',
    `virtio-net-pci,id=${nic.id},netdev=${nic.id},mac=${nic.mac},disable-legacy=on${nic.mtu === undefined ? '' : `,host_mtu=${nic.mtu}`}`,
  ])
}

function userNetdev(nic: NicPlan, forwards: string[]): string {
  const ports = forwards.map((forward) => {
    const [protocol, host, guest] = forward.split(':')
    return `,hostfwd=${protocol}:127.0.0.1:${host}-:${guest}`
  })
  return `user,id=${nic.id}${ports.join('')}`
}

/** A tap of the host's bridge is there already; in a private network QEMU makes it, so that it goes with QEMU. */
function tapNetdev(nic: NicPlan, tap: { script: string | undefined }): string {
  const script = tap.script === undefined ? 'no' : quoted(tap.script)
  return `tap,id=${nic.id},ifname=${nic.tap},script=${script},downscript=no`
}

function endArgs(plan: MachinePlan): string[] {
  // biome-ignore format: an option and its value share a line
  return [
    '-chardev', `socket,id=qmp,path=${quoted(plan.sockets.qmp)}`,
    '-mon', 'chardev=qmp,mode=control',
    '-no-reboot', // with panic=-1: a crash ends the process
    '-action', 'panic=none', // pvpanic only tells: stopping there would lose the panic's text on the console
  ]
}

function gdbArgs(plan: MachinePlan): string[] {
  if (!plan.gdb) return []
  return ['-gdb', `unix:path=${quoted(plan.sockets.gdb)},server=on,wait=off`, ...(plan.gdb.wait ? ['-S'] : [])]
}
