import { readdirSync } from 'node:fs'
import { realpath, stat } from 'node:fs/promises'
import { register } from 'node:module'
import { basename, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { nearest } from '../config/nearest.js'
import { RapidoError } from '../errors.js'
import { packageFile } from '../host/package-root.js'
import { placeOf } from './call-sites.js'
import type { Scenario } from './scenario.js'

/** A scenario that was read. */
export interface LoadedScenario {
  name: string
  file: string // absolute
  definition: Scenario
}

/** The scenarios that come with rapido. */
export function shippedScenarios(): string[] {
  const files = readdirSync(packageFile('dist/scenarios')).filter((file) => file.endsWith('.js'))
  return files.map((file) => basename(file, '.js')).sort()
}

/**
 * Loads a scenario: a file of TypeScript or JavaScript, or the name of a shipped one. Throws RapidoError('usage') that
 * says which line is wrong.
 */
export async function loadScenario(wanted: string, { cwd }: { cwd: string }): Promise<LoadedScenario> {
  const file = await findScenario(wanted, cwd)
  registerHooks()
  let module: { default?: Scenario }
  try {
    module = await import(pathToFileURL(file).href)
  } catch (error) {
    throw explained(error, file)
  }
  const definition = module.default
  if (definition === undefined || !isScenario(definition)) {
    throw new RapidoError('usage', `${file} is no scenario`, {
      hint: "it must have: export default scenario({ machines: { guest: 'simple' }, async run({ guest }) { … } })",
    })
  }
  return { name: basename(file).replace(/\.[cm]?[jt]s$/, ''), file, definition }
}

function isScenario({ machines, run }: Scenario): boolean {
  if (typeof run !== 'function' || typeof machines !== 'object' || machines === null) return false
  const profiles = Object.values(machines).map((machine) => (typeof machine === 'string' ? machine : machine?.profile))
  return profiles.length > 0 && profiles.every((profile) => typeof profile === 'string')
}

async function findScenario(wanted: string, cwd: string): Promise<string> {
  const isFile = wanted.includes('/') || /\.[cm]?[jt]s$/.test(wanted)
  const shipped = shippedScenarios()
  if (!isFile && shipped.includes(wanted)) return packageFile(`dist/scenarios/${wanted}.js`)
  const file = resolve(cwd, wanted)
  const found = await stat(file).catch(() => undefined)
  if (isFile && found?.isFile()) return realpath(file) // as Node names it in stacks
  const meant = nearest(wanted, shipped)
  const advice = meant === undefined ? '' : `; did you mean "${meant}"?`
  throw new RapidoError('usage', isFile ? `no scenario ${file}: no such file` : `no scenario "${wanted}"${advice}`, {
    hint: `there are ${shipped.join(', ')}, and your own files`,
  })
}

let isRegistered = false

/** From here on, this process imports TypeScript, and 'rapido-vm' is this very package. */
function registerHooks(): void {
  if (isRegistered) return
  isRegistered = true
  register(pathToFileURL(packageFile('dist/scenario-hooks.js')), {
    data: { index: pathToFileURL(packageFile('dist/index.js')).href },
  })
}

/** What the engine, or the type stripper, says of a file that it cannot load. */
function explained(error: unknown, file: string): RapidoError {
  if (error instanceof RapidoError) return error
  const { name, message, stack = '' } = error as Error
  // V8 puts the place of a syntax error before everything else: "file:///x.js:3".
  const [, line] = /^file:\/\/[^\n]*?:(\d+)\n/.exec(stack) ?? []
  const place = placeOf(error, file) ?? (line === undefined ? file : `${file}:${line}`)
  const what = message.startsWith(`${file}:`) ? message : `${place}: ${name}: ${message}`
  return new RapidoError('usage', what, { cause: error })
}
