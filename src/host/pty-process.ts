import { writeFile } from 'node:fs/promises'

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
}

/**
 * Starts a program on a pty. It is killed when we die, however that happens (pdeathsig, and the hang-up of the pty),
 * is first in line when memory runs out, and writes its errors to a file, apart from the pty.
 */
export async function startOnPty(
  file: string,
  args: string[],
  options: { cwd: string; errorsTo: string; size: WindowSize },
): Promise<PtyProcess> {
  const { spawn } = await import('node-pty')
  // sh only for the one redirection that node-pty has no way to ask for; everything else passes as "$@".
  const redirect = ['sh', '-c', 'umask 077; exec "$@" 2>"$0"', options.errorsTo]
  const pty = spawn('setpriv', ['--pdeathsig', 'KILL', '--', ...redirect, file, ...args], {
    cwd: options.cwd,
    cols: options.size.columns,
    rows: options.size.rows,
    encoding: null, // bytes as they come: a chunk may cut a UTF-8 character
    env: process.env as Record<string, string>,
  })
  const ended = new Promise<ProcessEnd>((resolve) => {
    pty.onExit(({ exitCode, signal }) =>
      resolve(signal ? { status: undefined, signal } : { status: exitCode, signal: undefined }),
    )
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
    pause: () => pty.pause(),
    resume: () => pty.resume(),
    kill: (signal) => {
      try {
        process.kill(-pty.pid, signal)
      } catch {} // it has ended
    },
  }
}
