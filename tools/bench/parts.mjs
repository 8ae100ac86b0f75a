import { join } from 'node:path'
import { runProgram } from '../program.mjs'
import { networkMs } from './network.mjs'
import { inTurns } from './rows.mjs'
import { timeMs } from './time.mjs'

/** What a run is made of, each by itself. */
export function parts(rapido) {
  const cases = {
    version: () => rapido.timed(['--version']),
    node: () => timeMs(process.execPath, ['-e', '0']),
    check: () => checkImageMs(rapido),
    network: () => networkMs(rapido.folder),
  }
  return {
    title: 'the parts of a start',
    rows: [
      { what: 'rapido --version / node -e 0', unit: 'ms', ours: 'version', theirs: 'node', ratio: 2 },
      { what: 'check that the cached image is current', unit: 'ms', ours: 'check', limit: 150 },
      { what: 'a private network with a tap, up', unit: 'ms', ours: 'network', limit: 100 },
    ],
    measure: async (rounds, needed) => {
      await rapido.succeed(['cut', 'simple', ...rapido.sets])
      return inTurns(rounds * 3, cases, needed) // they are quick
    },
  }
}

async function checkImageMs({ folder, env, sets }) {
  const script = join(import.meta.dirname, 'check-image.mjs')
  const { status, output } = await runProgram(process.execPath, [script, ...sets], { cwd: folder, env })
  if (status !== 0) throw new Error(`${script}: ${status}\n${output}`)
  return Number(output)
}
