import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { packageFile } from '../../host/package-root.js'
import { guestRun } from '../../plan/guest-env.js'
import type { Vm } from '../vm.js'
import { type SuiteEvent, SuiteFrames } from './frames.js'

/** A program of a suite that runs in a guest (src/guest/suite-run). */
export interface SuiteSession {
  /** What it tells, until it ends or the guest does. Whoever reads slowly slows it down. */
  events: AsyncIterable<SuiteEvent>
  /** The answer to a start: whether that test may begin; if not, the program ends. */
  answer(go: boolean): void
}

/** Where the guest has the results until they are sent. */
const resultBase = '/run/rapido/suite/results'

/** Starts suite-run with these words. */
export async function startSession(
  vm: Vm,
  { argv, env, files = {} }: { argv: string[]; env: Record<string, string>; files?: Record<string, string> },
): Promise<SuiteSession> {
  const token = randomBytes(8).toString('hex') // no test can print it by accident
  const program = `${guestRun.bin}/suite-run`
  await vm.writeFile(program, await readFile(packageFile('src/guest/suite-run')), 0o755)
  for (const [path, content] of Object.entries(files)) await vm.writeFile(path, content)
  const command = vm.start([program, ...argv], {
    env: {
      ...env,
      RAPIDO_SUITE_TOKEN: token,
      RAPIDO_SUITE_FOLDER: '/run/rapido/suite',
      RESULT_BASE: resultBase,
    },
  })
  const complaints: Buffer[] = []
  command.stderr.on('data', (chunk: Buffer) => complaints.length < 64 && complaints.push(chunk))
  const frames = new SuiteFrames(token)
  return {
    events: events(),
    answer: (go) => void command.stdin.write(go ? 'go\n' : 'stop\n'),
  }

  async function* events(): AsyncGenerator<SuiteEvent> {
    for await (const chunk of command.stdout) yield* frames.feed(chunk)
    if (complaints.length > 0) yield { type: 'text', text: Buffer.concat(complaints).toString() }
  }
}
