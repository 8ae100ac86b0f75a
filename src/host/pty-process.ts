import { closeSync, constants, openSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import type { IPty } from 'node-pty'

export interface WindowSize {
  rows: number
  columns: number
}

/** How a process ended: one of the two is set. */
export interface ProcessEnd {
  status: number | undefined
  signal: number | undefined
}

/** A process whose standard input and output are a pty of its own. */
export interface PtyProcess {
  readonly pid: number // also its process group
  readonly ended: Promise<ProcessEnd>
  /** The first listener hears everything from the start. */
  onData(listener: (chunk: Buffer) => void): void
  write(data: Buffer): void
  resize(size: WindowSize): void
  pause(): void
  resume(): void
  kill(signal: NodeJS.Signals): void
  /** For whoever knows that the process is gone: ends the pty as soon as what was said last has come. */
  drain(): void
}

/**
 * Starts a program on a pty. It is killed when we die, however that happens (pdeathsig, and the hang-up of the pty),
 * is first in line when memory runs out, and writes its errors to a file, apart from the pty.
 */
export async function startOnPty(
  file: string,
  args: string[],
  options: {
    cwd: string
    errorsTo: string
    size: WindowSize
    env?: NodeJS.ProcessEnv | undefined
    enter?: string[] | undefined // the command that runs it elsewhere: nsenter and its options
  },
): Promise<PtyProcess> {
  const { spawn } = await import('node-pty')
  // sh for what node-pty has no way to ask for: line ends as they come, and the redirection; the rest passes as "$@".
  const redirect = ['sh', '-c', 'stty -onlcr; umask 077; exec "$@" 2>"$0"', options.errorsTo]
  // The namespaces first: whoever enters one loses the pdeathsig.
  const argv = [...(options.enter ?? []), 'setpriv', '--pdeathsig', 'KILL', '--', ...redirect, file, ...args]
  const pty = spawn(argv[0] ?? '', argv.slice(1), {
    cwd: options.cwd,
    cols: options.size.columns,
    rows: options.size.rows,
    encoding: null, // bytes as they come: a chunk may cut a UTF-8 character
    env: (options.env ?? process.env) as Record<string, string>,
  })
  const slave = holdSlave(pty)
  const ended = new Promise<ProcessEnd>((resolve) => {
    pty.onExit(({ exitCode, signal }) => {
      slave.release()
      resolve(signal ? { status: undefined, signal } : { status: exitCode, signal: undefined })
    })
  })
  const early: Buffer[] = [] // what it says before anybody listens
  const keep = pty.onData((data) => early.push(data as unknown as Buffer))
  // Raising it needs no right. The guest's memory is the largest thing to give back, and the cheapest to lose.
  await writeFile(`/proc/${pty.pid}/oom_score_adj`, '500').catch(() => {})
  return {
    pid: pty.pid,
    ended,
    onData: (listener) => {
      keep.dispose()
      for (const chunk of early.splice(0)) listener(chunk)
      pty.onData((data) => listener(data as unknown as Buffer))
    },
    write: (data) => pty.write(data),
    resize: ({ rows, columns }) => {
      try {
        pty.resize(columns, rows)
      } catch {} // it has ended
    },
    drain: slave.release,
    pause: () => pty.pause(),
    resume: () => pty.resume(),
    kill: (signal) => {
      try {
        process.kill(-pty.pid, signal)
      } catch {} // it has ended
    },
  }
}

const quietMs = 20

/**
 * Keeps the other end of the pty open, too. Without that, the process's end hangs up the pty, and libuv takes a short
 * read with a hang-up for the end: the last kilobytes, a panic's, are lost where this process lags behind.
 */
function holdSlave(pty: IPty): { release(): void } {
  const path = (pty as IPty & { ptsName: string }).ptsName // public, but not in its types
  let slave: number | undefined = openSync(path, constants.O_RDWR | constants.O_NOCTTY)
  let lastData = performance.now()
  pty.onData(() => {
    lastData = performance.now()
  })
  const release = () => {
    if (slave === undefined) return
    if (performance.now() - lastData < quietMs) {
      setTimeout(release, quietMs)
      return
    }
    closeSync(slave)
    slave = undefined
  }
  return { release }
}
