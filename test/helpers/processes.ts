import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'

/** What ends the processes of a sandbox whose test runner was killed; one of its own, not of a rapido. */
export const reaperScript = join(import.meta.dirname, 'reaper.sh')

/** Processes that belong to a sandbox: its folder is in their command line, environment or working folder. */
export function processesOf(folder: string): { pid: number; commandLine: string }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => {
      const { commandLine, environment } = memoryOf(pid)
      const cwd = quietly(() => readlinkSync(`/proc/${pid}/cwd`))
      const isOurs = [commandLine, environment, cwd].some((text) => text.includes(folder))
      return isOurs && !commandLine.includes(reaperScript)
        ? [{ pid: Number(pid), commandLine: commandLine.trim() }]
        : []
    })
}

/** What a process was started with; nothing of one that has ended, is another user's, or is the kernel's. */
function memoryOf(pid: string) {
  for (let tries = 1; ; tries++) {
    const commandLine = quietly(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8')).replaceAll('\0', ' ')
    const environment = quietly(() => readFileSync(`/proc/${pid}/environ`, 'utf8'))
    const isInExec = commandLine + environment === '' && quietly(() => readlinkSync(`/proc/${pid}/exe`)) !== ''
    if (!isInExec || tries === 1000) return { commandLine, environment }
  }
}

/** Whether a process runs: a zombie does not. */
export function isRunning(pid: number): boolean {
  const status = quietly(() => readFileSync(`/proc/${pid}/status`, 'utf8'))
  return status !== '' && !/^State:\s+[ZX]/m.test(status)
}

function quietly(read: () => string): string {
  try {
    return read()
  } catch {
    return '' // it has ended, or is another user's
  }
}
