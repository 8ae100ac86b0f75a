import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { runProgram } from '../program.mjs'
import { measureCeph } from './ceph.mjs'
import { measureTargets } from './targets.mjs'
import { timeMs } from './time.mjs'

const main = join(import.meta.dirname, '../../dist/main.js')

/** The same by rapido, with state, cache and configuration of its own in `folder`. */
export function rapidoIn(folder, release, { cpus, memory }) {
  const env = { ...process.env, XDG_CONFIG_HOME: folder, XDG_CACHE_HOME: folder, XDG_STATE_HOME: folder }
  const settings = { 'kernel.release': release, 'vm.cpus': cpus, 'vm.memory': memory }
  const sets = Object.entries(settings).flatMap(([key, value]) => ['--set', `${key}=${value}`])
  const options = { cwd: folder, env, timeoutMs: 120_000 }
  const rapido = (...argv) => timeMs(process.execPath, [main, ...argv], options)
  const kernel = ['--set', `kernel.release=${release}`]
  const isThere = async (profile) =>
    (await runProgram(process.execPath, [main, 'cut', profile, ...kernel], { cwd: folder, env })).status === 0
  return {
    version: () => rapido('--version'),
    buildImage: () => rapido('cut', 'simple', '--force', ...sets),
    run: () => rapido('run', 'simple', '-x', 'true', ...sets),
    checkImage: async () => {
      const script = join(import.meta.dirname, 'check-image.mjs')
      const { status, output } = await runProgram(process.execPath, [script, ...sets], { cwd: folder, env })
      if (status !== 0) throw new Error(`${script}: ${status}\n${output}`)
      return Number(output)
    },
    failover: () => rapido('scenario', 'multipath-failover', ...kernel),
    hasMultipath: () => isThere('multipath'),
    hasCeph: () => isThere('cephfs'),
    ceph: (rounds) =>
      measureCeph(rounds, {
        timed: (...argv) => rapido(...argv, ...kernel),
        succeed: (...argv) => succeed([...argv, ...kernel], options),
      }),
    hasTargets: async () => (await isThere('lio')) && (await isThere('open-iscsi')) && (await isThere('usb-gadget')),
    targets: (rounds) =>
      measureTargets(rounds, {
        folder,
        run: (...argv) => succeed(['run', ...argv, ...kernel], options),
        succeed: (...argv) => succeed([...argv, ...kernel], options),
      }),
    memoryMiB: () => memoryMiB({ sets, options }),
  }
}

/** What a rapido prints to standard output. Throws unless it succeeds. */
async function succeed(argv, options) {
  const { status, output } = await runProgram(process.execPath, [main, ...argv], {
    ...options,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  if (status !== 0) throw new Error(`rapido ${argv.join(' ')}: ${status}`)
  return output
}

/** Resident memory of all processes that rapido keeps beside QEMU for a VM in the background. */
async function memoryMiB({ sets, options }) {
  const mark = `RAPIDO_BENCH=${process.pid}`
  const env = { ...options.env, RAPIDO_BENCH: String(process.pid) }
  const rapido = (...argv) => runProgram(process.execPath, [main, ...argv], { ...options, env })
  const { status, output } = await rapido('boot', 'simple', '--detach', ...sets)
  if (status !== 0) throw new Error(`rapido boot simple --detach: ${status}\n${output}`)
  const vm = /^\d+$/m.exec(output)?.[0]
  try {
    return processes(mark).reduce((sum, pid) => sum + residentMiB(pid), 0)
  } finally {
    await rapido('stop', vm)
  }
}

/** Processes whose environment has the mark: whatever rapido started, and what that started. */
function processes(mark) {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids.filter((pid) => read(pid, 'environ').split('\0').includes(mark) && !read(pid, 'comm').startsWith('qemu'))
}

function residentMiB(pid) {
  return Number(/^VmRSS:\s*(\d+) kB/m.exec(read(pid, 'status'))?.[1] ?? 0) / 1024
}

function read(pid, file) {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return '' // it has ended, or is another user's
  }
}
