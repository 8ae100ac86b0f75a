import { createInterface } from 'node:readline'
import { getSystemErrorName } from 'node:util'
import { RapidoError } from '../errors.js'
import { packageFile } from '../host/package-root.js'
import { type PipedProcess, startPiped } from '../host/piped.js'
import type { CephPrograms } from '../plan/ceph-cluster.js'

/** Where a cluster is, and as whom it is asked. */
export interface CephClient {
  programs: CephPrograms
  enter: string[] // the command that enters its network; empty: it is reached from where we are
  conf: string
  user: string // without "client."
  keyring: string | undefined // undefined: there is a key
  key?: string | undefined // it is told to ask.py over its standard input
}

/** Who is asked, and what: a command of Ceph as `ceph --verbose` shows it, or ask.py's own. */
export type CephRequest =
  | { to: 'mon' | 'mgr' | `mon.${string}` | `mds.${string}` | `osd.${number}`; command: Record<string, unknown> }
  | { to: 'image'; pool: string; name: string; bytes?: number | undefined }
  | { to: 'owners'; pool: string; name: string }

export interface CephAnswer {
  status: number // an errno; 0 is success
  out: string
  why: string
  unreachable?: boolean // nobody answered: it is about the connection
}

/** A conversation with a cluster, of one process (ask.py). `close` it, or `await using`. */
export class CephSession implements AsyncDisposable {
  readonly #process: PipedProcess
  readonly #answers: AsyncIterator<string>
  #turn: Promise<unknown> = Promise.resolve()
  #close!: () => void
  readonly #closed = new Promise<{ done: true; value: undefined }>((resolve) => {
    this.#close = () => resolve({ done: true, value: undefined })
  })

  private constructor(asker: PipedProcess) {
    this.#process = asker
    this.#answers = createInterface({ input: asker.stdout })[Symbol.asyncIterator]()
  }

  static async open(
    { programs, enter, conf, user, keyring = '', key }: CephClient,
    { signal }: { signal?: AbortSignal } = {},
  ): Promise<CephSession> {
    const env = Object.entries(programs.env).map(([name, value]) => `${name}=${value}`)
    const script = [programs.python, packageFile('src/ceph/ask.py'), conf, user, keyring]
    const [file = '', ...args] = [
      ...enter,
      'setpriv',
      '--pdeathsig',
      'KILL',
      '--',
      'env',
      ...ownVariables,
      ...env,
      ...script,
    ]
    const asker = await startPiped(file, args)
    if (key !== undefined) asker.stdin.write(`${JSON.stringify({ key })}\n`)
    const session = new CephSession(asker)
    if (signal?.aborted) session.close()
    signal?.addEventListener('abort', () => session.close(), { once: true })
    return session
  }

  /** Asks, and returns the answer whatever it is. Throws RapidoError('timeout') after `timeoutMs`; then it is closed. */
  async ask(request: CephRequest, { timeoutMs = 60_000 }: { timeoutMs?: number } = {}): Promise<CephAnswer> {
    const answer = this.#turn.then(() => this.#converse(request, timeoutMs))
    this.#turn = answer.catch(() => {})
    return answer
  }

  /** The answer of a command that must succeed, as JSON. Throws CephRefusal with what the cluster said. */
  async json<T>(
    to: Extract<CephRequest, { command: unknown }>['to'],
    command: Record<string, unknown>,
    options: { timeoutMs?: number } = {},
  ): Promise<T> {
    const { status, out, why, unreachable } = await this.ask({ to, command }, options)
    if (unreachable) {
      throw new RapidoError('host', `the Ceph cluster does not answer: ${errorName(status)}, ${why}`, {
        hint: 'does its monitor run? `rapido ceph status` shows the throwaway cluster',
      })
    }
    if (status !== 0) {
      throw new CephRefusal(String(command.prefix), { status, why })
    }
    if (out.trim() === '') return undefined as T
    try {
      return JSON.parse(out)
    } catch (cause) {
      const begin = JSON.stringify(out.slice(0, 100))
      throw new RapidoError('host', `the answer of Ceph to "${command.prefix}" is no JSON: ${begin}`, { cause })
    }
  }

  close(): void {
    this.#close()
    this.#process.kill()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
  }

  async #converse(request: CephRequest, timeoutMs: number): Promise<CephAnswer> {
    let isLate = false
    const timer = setTimeout(() => {
      isLate = true
      this.close()
    }, timeoutMs)
    try {
      this.#process.stdin.write(`${JSON.stringify(request)}\n`)
      const { value, done } = await Promise.race([this.#answers.next(), this.#closed])
      if (!done) return JSON.parse(value)
    } finally {
      clearTimeout(timer)
    }
    if (isLate) {
      throw new RapidoError('timeout', `the Ceph cluster gave no answer within ${timeoutMs / 1000} s`)
    }
    const { stderr } = await this.#process.ended
    throw new RapidoError('host', `cannot ask the Ceph cluster: ${stderr.trim().split('\n').at(-1) || 'no answer'}`)
  }
}

/** What leads programs of Ceph to another cluster, where somebody has exported it. */
const ownVariables = ['CEPH_ARGS', 'CEPH_CONF', 'CEPH_KEYRING'].flatMap((name) => ['--unset', name])

/** A command that the cluster answered, and did not do. */
export class CephRefusal extends RapidoError {
  readonly errorName: string

  constructor(command: string, { status, why }: Pick<CephAnswer, 'status' | 'why'>) {
    const name = errorName(status)
    super('host', `Ceph refuses "${command}": ${name}${why === '' ? '' : `, ${why}`}`)
    this.errorName = name
  }
}

/** ENOENT, of 2. */
export function errorName(status: number): string {
  return getSystemErrorName(-status)
}
