import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

export interface FoundProcess {
  pid: number
  command: string // its command line
}

/** The processes in the same network namespace as `pid`, but for it and its children; only those this user may look at. */
export function processesInNetworkOf(pid: number): FoundProcess[] {
  const namespace = networkNamespaceOf(pid)
  if (namespace === undefined) return []
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== pid)
    .map(Number)
    .filter((other) => networkNamespaceOf(other) === namespace && parentOf(other) !== pid)
    .map((other) => ({ pid: other, command: commandLineOf(other).join(' ') }))
}

function parentOf(pid: number): number | undefined {
  try {
    // The name of the program, in parentheses, may hold anything.
    return Number(/^.*\) \S (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1])
  } catch {
    return undefined
  }
}

/** net:[INODE]; undefined where there is no such process, or it is not ours to look at. */
export function networkNamespaceOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`)
  } catch {
    return undefined
  }
}

/** The words of a process's command line; none where there is no such process. */
export function commandLineOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1)
  } catch {
    return []
  }
}

/** The memory that a process has to itself and with others, in MiB (VmRSS of proc(5)). */
export function residentMiB(pid: number): number | undefined {
  try {
    const [, kib] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
    return kib === undefined ? undefined : Math.round(Number(kib) / 1024)
  } catch {
    return undefined
  }
}

/** The state of a process as proc(5) has it: R, S, T (stopped), Z (zombie), …; undefined where there is none. */
export function stateOf(pid: number): string | undefined {
  try {
    // The name of the program, in parentheses, may hold anything.
    return /^.*\) (\S)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1]
  } catch {
    return undefined
  }
}
