import { constants } from 'node:fs'
import { access, readFile, realpath, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { RapidoError } from '../errors.js'
import { makeFolder } from '../host/make-folder.js'
import { run } from '../host/run.js'
import { writeAtomic } from '../host/write.js'
import { arch } from '../plan/arch.js'

export interface Acceleration {
  accel: 'kvm' | 'tcg'
  note?: string // why not KVM, where that was found out
}

export interface ProbeHost {
  device: string // of KVM
  probeMs: number // a probe that takes longer has failed: under a KVM that works, it takes about one second
}

const thisHost: ProbeHost = { device: '/dev/kvm', probeMs: 4000 }

/**
 * Whether guests run under KVM here. That /dev/kvm opens proves nothing: on nested and paravirtual hosts a guest may
 * hang at once. So a kernel is booted, once for each boot of the host and each QEMU; the verdict is kept in `file`.
 */
export async function chooseAcceleration(
  options: {
    wanted: 'auto' | 'kvm' | 'tcg'
    qemu: string // absolute path
    kernel: string // image to probe with
    file: string
    probe: boolean // false: say only what is known
    signal?: AbortSignal | undefined
  },
  host: ProbeHost = thisHost,
): Promise<Acceleration> {
  if (options.wanted !== 'auto') return { accel: options.wanted }
  const openable = await access(host.device, constants.R_OK | constants.W_OK).then(
    () => true,
    () => false,
  )
  if (!openable) return { accel: 'tcg', note: `no access to ${host.device}: using TCG` }

  const subject = await probeSubject(options.qemu)
  const known = await readVerdict(options.file)
  if (known?.subject === subject) return acceleration(known.failure)

  if (!options.probe) return { accel: 'kvm', note: 'whether KVM runs guests here is found out by the first boot' }
  const failure = await probe(options, host.probeMs)
  await keepVerdict(options.file, { subject, failure })
  return acceleration(failure)
}

async function keepVerdict(file: string, verdict: { subject: string; failure: string | undefined }): Promise<void> {
  try {
    makeFolder(dirname(file))
    await writeAtomic(file, `${JSON.stringify(verdict)}\n`)
  } catch {} // a place that can't be written to is told of when the run itself needs it
}

function acceleration(failure: string | undefined): Acceleration {
  return failure === undefined
    ? { accel: 'kvm' }
    : { accel: 'tcg', note: `KVM runs no guest here (${failure}): using TCG` }
}

/** What a verdict holds for: this boot of the host, and this QEMU binary. */
async function probeSubject(qemu: string): Promise<string> {
  const [bootId, path] = await Promise.all([readFile('/proc/sys/kernel/random/boot_id', 'utf8'), realpath(qemu)])
  const { size, mtimeMs } = await stat(path)
  return `${bootId.trim()} ${path} ${size} ${mtimeMs}`
}

async function readVerdict(file: string): Promise<{ subject: string; failure?: string } | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8'))
  } catch {
    return undefined // none yet, or not readable: the probe is cheap
  }
}

/** Boots the kernel without anything to mount: under a KVM that works it panics, and QEMU ends. */
async function probe(
  options: { qemu: string; kernel: string; signal?: AbortSignal | undefined },
  timeoutMs: number,
): Promise<string | undefined> {
  // biome-ignore format: an option and its value share a line
  const args = [
    '--pdeathsig', 'KILL', '--',
    options.qemu,
    '-nodefaults', '-no-user-config', '-display', 'none',
    '-machine', arch.machine,
    '-accel', 'kvm',
    '-cpu', 'host',
    '-m', '256M',
    '-serial', 'stdio',
    '-kernel', options.kernel,
    '-append', `console=${arch.console} panic=-1`,
    '-no-reboot',
  ]
  try {
    const { status, stdout, stderr } = await run('setpriv', args, {
      timeoutMs,
      ...(options.signal ? { signal: options.signal } : {}),
    })
    if (/Linux version .*Kernel panic/s.test(stdout)) return undefined
    return stderr.trim().split('\n')[0] || `the probe ended with status ${status}`
  } catch (error) {
    if (error instanceof RapidoError && error.code === 'timeout') return 'the probe hung'
    throw error
  }
}
