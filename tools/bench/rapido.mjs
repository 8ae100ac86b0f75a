import { join } from 'node:path'
import { runProgram } from '../program.mjs'
import { timeMs } from './time.mjs'

const main = join(import.meta.dirname, '../../dist/main.js')

/**
 * rapido, with state, cache and configuration of its own in `folder`. `kernel` are the arguments for the kernel alone,
 * `sets` those for the size of the machine, too.
 */
export function rapidoIn(folder, release, size) {
  const env = { ...process.env, XDG_CONFIG_HOME: folder, XDG_CACHE_HOME: folder, XDG_STATE_HOME: folder }
  const options = { cwd: folder, env, timeoutMs: 120_000 }
  const kernel = setting('kernel.release', release)
  const succeed = (argv, more = {}) => succeedWith(argv, { ...options, env: { ...env, ...more } })
  return {
    folder,
    release,
    size,
    env,
    kernel,
    sets: [...kernel, ...setting('vm.cpus', size.cpus), ...setting('vm.memory', size.memory)],
    /** Milliseconds from the command to its end; it must succeed. `more` is environment. */
    timed: (argv, more = {}) => timeMs(process.execPath, [main, ...argv], { ...options, env: { ...env, ...more } }),
    /** What it prints to standard output; it must succeed. */
    succeed,
    isThere: async (profile, ...argv) => {
      const cut = await runProgram(process.execPath, [main, 'cut', profile, ...kernel, ...argv], { cwd: folder, env })
      return cut.status === 0
    },
    /** Milliseconds from the command until its guest answers a first one. */
    ready: async (profile, ...argv) => {
      const startedMs = performance.now()
      let readyMs
      const onOutput = (chunk) => {
        if (/^ready$/m.test(chunk)) readyMs = performance.now() - startedMs
      }
      await succeedWith(['run', profile, '-x', 'echo ready', ...argv, ...kernel], { ...options, onOutput })
      return readyMs
    },
  }
}

/** The arguments for a setting. */
export function setting(key, value) {
  return ['--set', `${key}=${value}`]
}

async function succeedWith(argv, options) {
  const { status, output } = await runProgram(process.execPath, [main, ...argv], {
    ...options,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  if (status !== 0) throw new Error(`rapido ${argv.join(' ')}: ${status}`)
  return output
}
