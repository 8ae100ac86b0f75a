import { RapidoError } from '../errors.js'
import { installCommand, packageManager, providerOf } from './packages.js'
import { programFinder } from './programs.js'

/** The path of a program. Throws RapidoError('host') with the package that has it. */
export function requireProgram(name: string): string {
  const path = programFinder()(name)
  if (path !== undefined) return path
  const manager = packageManager()
  const provider = providerOf(name, manager)
  const hint = 'package' in provider ? installCommand(manager, [provider.package]) : provider.find
  throw new RapidoError('host', `no ${name} on PATH`, { hint })
}
