import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { RapidoError } from '../errors.js'
import { packageFile } from '../host/package-root.js'
import type { Machine } from '../machine/machine.js'
import { diskDrivers } from '../plan/disks.js'
import { guestRun } from '../plan/guest-env.js'
import { guestNetworkLines, hostsFile, resolvConf } from '../plan/guest-network.js'
import { bootedLogLevel } from '../plan/kernel-args.js'
import { isAlone, shareTag } from '../plan/machine.js'
import { hostNameOf } from '../plan/network.js'
import { readBootFiles } from './boot-files.js'
import { type Emit, emitMark } from './events.js'
import type { RunPlan } from './plan-run.js'
import { untilAnswer } from './until-answer.js'

/** A machine, and the environment of what runs in its guest. */
interface Guest {
  machine: Machine
  env: Record<string, string>
}

/**
 * Waits for the hello of a guest and tells it who it is; returns its kernel's release. Throws RapidoError('timeout')
 * after `patience` ms, run.boot_timeout if undefined, or what ended the machine.
 */
export async function meetGuest(
  guest: Guest & { plan: RunPlan; number: number; log: string },
  options: {
    roles?: (() => Promise<ReadonlyMap<string, number>>) | undefined
    secrets: Map<string, string>
    signal: AbortSignal
    patience?: number | undefined
    emit?: Emit
  },
): Promise<string> {
  const { plan, number, machine, log } = guest
  const meet = async () => {
    const kernelRelease = await machine.hello
    if (options.emit && !machine.isRestored) emitMark(options.emit, 'hello')
    await findDevices(guest)
    const roles = (await options.roles?.()) ?? new Map()
    await tellGuest(machine, plan, { number, roles, secrets: options.secrets })
    await Promise.all([configureNetwork(guest), mountShare(guest), loadDiskDrivers(guest), makeZramDisks(guest)])
    if (options.emit) emitMark(options.emit, 'told')
    return kernelRelease
  }
  const limitMs = options.patience ?? plan.settings.run.boot_timeout
  return untilAnswer(meet(), { machine, number, log, limitMs, signal: options.signal })
}

/** Everything late: what the image does not know, and no command line shows. */
async function tellGuest(
  machine: Machine,
  plan: RunPlan,
  run: { number: number; roles: ReadonlyMap<string, number>; secrets: Map<string, string> },
): Promise<void> {
  const { channel } = machine
  const name = hostNameOf(plan.settings, run.number)
  const hosts = hostsFile(machine.plan.network, plan.settings, run)
  const resolv = resolvConf(machine.plan.network)
  const helpers = await readFile(packageFile('src/guest/helpers.sh'), 'utf8')
  const cephHelpers = plan.ceph ? await readFile(packageFile('src/guest/ceph.sh'), 'utf8') : ''
  const ioLoad = await readFile(packageFile('src/guest/io-load'))
  const bootScript = await readFile(plan.profile.bootScript)
  const bootFiles = await readBootFiles(plan.profile, plan.settings)
  const { authorizedKeys } = plan
  await Promise.all([
    channel.writeFile('/proc/sys/kernel/hostname', name),
    channel.writeFile('/proc/sys/kernel/printk', bootedLogLevel),
    channel.writeFile('/etc/hostname', `${name}\n`, 0o644),
    channel.writeFile('/etc/machine-id', `${randomBytes(16).toString('hex')}\n`, 0o444),
    channel.writeFile('/etc/hosts', hosts, 0o644),
    ...(resolv === undefined ? [] : [channel.writeFile('/etc/resolv.conf', resolv, 0o644)]),
    channel.writeFile(guestRun.helpers, helpers + cephHelpers, 0o644),
    channel.writeFile(guestRun.bootScript, bootScript, 0o755),
    ...bootFiles.map(({ to, content, mode }) => channel.writeFile(to, content, mode)),
    channel.writeFile(`${guestRun.bin}/io-load`, ioLoad, 0o755),
    ...(authorizedKeys ? [channel.writeFile(guestRun.authorizedKeys, authorizedKeys, 0o600)] : []),
    ...[...run.secrets].map(([secret, value]) => channel.writeFile(`${guestRun.secrets}/${secret}`, value, 0o600)),
  ])
}

/**
 * Has the guest find its devices. A snapshot is made without those of a run, and nothing has looked at their slots since. A
 * kernel that boots says hello once it has found its console, which is one of the first: boot.sh waits for the disks of its
 * profile, the network for its NICs; for what the profile knows nothing of, we do.
 */
async function findDevices({ machine, env }: Guest): Promise<void> {
  const { plan, channel, isRestored } = machine
  const isUnknown = plan.extraArgs.length > 0 || plan.share !== undefined || plan.disks.some(({ isExtra }) => isExtra)
  if (isRestored && !isAlone(plan)) await channel.writeFile('/sys/bus/pci/rescan', '1')
  if (!isRestored && isUnknown) await runIn({ machine, env }, ['modprobe', '-q', 'virtio_pci']) // ends when init's has
}

/** Its NICs have their addresses from us: nothing of a network is in the image, nor on the kernel's command line. */
async function configureNetwork({ machine, env }: Guest): Promise<void> {
  const lines = guestNetworkLines(machine.plan.network)
  if (lines.length === 0) return
  const input = `${lines.join('\n')}\n`
  const { status, stderr } = await runIn({ machine, env }, ['/usr/lib/rapido/network'], input)
  if (status === 0) return
  throw new RapidoError('host', `the guest cannot set up its network: ${stderr.trim()}`, {
    hint: 'the kernel needs CONFIG_VIRTIO_NET, built in or as a module, and CONFIG_INET',
  })
}

/** Those of disks that the profile does not know of; the others are its boot.sh's to load, when it wants them. */
async function loadDiskDrivers({ machine, env }: Guest): Promise<void> {
  const extra = machine.plan.disks.filter(({ isExtra }) => isExtra)
  if (extra.length > 0) await runIn({ machine, env }, ['modprobe', '-qa', '--', ...extra.flatMap(diskDrivers)]) // or built in
}

/** They are the guest's own, so that it makes them; again after a reset, when they are empty. */
async function makeZramDisks({ machine, env }: Guest): Promise<void> {
  if (machine.plan.zram.length === 0) return
  const { status, stderr } = await runIn({ machine, env }, ['bash', '-c', `. ${guestRun.helpers}; make_zram_disks`])
  if (status === 0) return
  throw new RapidoError('host', `the guest cannot make its disks on zram: ${stderr.trim()}`, {
    hint: 'the kernel needs CONFIG_ZRAM, built in or as a module, and its compression',
  })
}

async function mountShare({ machine, env }: Guest): Promise<void> {
  const { share } = machine.plan
  if (!share) return
  const options = `trans=virtio,version=9p2000.L,msize=262144,X-mount.mkdir${share.readonly ? ',ro' : ''}`
  const { status, stderr } = await runIn({ machine, env }, ['mount', '-t', '9p', '-o', options, shareTag, '/host'])
  if (status === 0) return
  throw new RapidoError('host', `the guest cannot mount share.path at /host: ${stderr.trim()}`, {
    hint: 'the kernel needs CONFIG_NET_9P_VIRTIO and CONFIG_9P_FS, built in or as modules',
  })
}

async function runIn(
  { machine, env }: Guest,
  argv: string[],
  input?: string,
): Promise<{ status: number; stderr: string }> {
  const command = machine.channel.run({ argv, cwd: '/', env })
  command.stdin.end(input)
  const { status, stderr } = await command.collect()
  return { status, stderr: stderr.toString() }
}
