import { readFileSync, rmdirSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { RapidoError } from '../errors.js'
import { makeFolder } from '../host/make-folder.js'
import { requireProgram } from '../host/require-program.js'
import { run } from '../host/run.js'
import { type DhcpPlan, dnsmasqArgs, rangeOf } from '../plan/dnsmasq-args.js'
import { hostNetworkFiles } from '../plan/state-files.js'

/** The dnsmasq that serves a bridge of the host. */
export function dnsmasqFor(bridge: string) {
  const { folder, dhcp: files } = hostNetworkFiles(bridge)

  /** The one that runs. A number in a file says little: who has it must have been started with that file. */
  const running = (): { pid: number; args: string[] } | undefined => {
    try {
      const pid = Number(readFileSync(files.pid, 'utf8'))
      const args = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(1, -1)
      return args.includes(`--pid-file=${files.pid}`) ? { pid, args } : undefined
    } catch {
      return undefined
    }
  }

  /** Sees to it that it serves that, or that there is none; whether something had to be done for it. */
  const see = async (dhcp: DhcpPlan | undefined): Promise<boolean> => {
    const args = dhcp && dnsmasqArgs(dhcp, files, hasOtherUsers() ? undefined : 'root')
    const found = running()
    if (found && args && found.args.join('\0') === args.join('\0')) return false
    if (found) await end(found.pid, () => running()?.pid === found.pid)
    if (args) {
      makeFolder(folder, 0o755)
      await start(args)
    } else {
      rmSync(folder, { recursive: true, force: true })
      removeIfEmpty(dirname(folder))
    }
    return found !== undefined || args !== undefined
  }

  /** What it serves, if it does. */
  const serving = (): { range: string; pid: number } | undefined => {
    const found = running()
    return found && { range: rangeOf(found.args) ?? '', pid: found.pid }
  }

  return { serving, see }
}

/** Returns once it serves; it goes to the background by itself. */
async function start(args: string[]): Promise<void> {
  const { status, stderr } = await run(requireProgram('dnsmasq'), args)
  if (status !== 0) throw new RapidoError('host', `cannot serve DHCP: ${stderr.trim().replace(/^dnsmasq: /, '')}`)
}

async function end(pid: number, isRunning: () => boolean): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    if (isRunning()) process.kill(pid, signal)
    for (let tries = 0; tries < 100 && isRunning(); tries++) await delay(20)
  }
}

/** In a user namespace that has but one, dnsmasq cannot become another, as it would. */
function hasOtherUsers(): boolean {
  return readFileSync('/proc/self/uid_map', 'utf8').trim().split(/\s+/)[2] !== '1'
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder)
  } catch {} // another bridge's, or never there
}
