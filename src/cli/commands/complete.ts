import type { Argv } from 'yargs'
import { faultVerbs } from '../../config/fault-verbs.js'
import { listProfiles } from '../../config/profiles.js'
import { exitStatus } from '../../errors.js'
import { readVmInfos } from '../../runs/vm-info.js'
import { type CommandRow, commands } from '../commands.js'
import type { GlobalOptions, Io, Status } from '../io.js'
import { surroundings } from '../options.js'
import { stateFolder } from '../running-vm.js'

interface Options extends GlobalOptions {
  '--'?: string[]
}

export function options(builder: Argv): Argv {
  return builder
}

/** For the shells' completion: prints what may stand at the last of the given words, one a line. */
export async function run(argv: Options, io: Io): Promise<Status> {
  const words = argv['--'] ?? []
  const candidates = await candidatesFor(words, argv, io)
  const started = words.at(-1) ?? ''
  const fitting = candidates.filter((candidate) => candidate.startsWith(started))
  io.stdout.write(fitting.map((candidate) => `${candidate}\n`).join(''))
  return exitStatus.success
}

async function candidatesFor(words: string[], argv: Options, io: Io): Promise<string[]> {
  const shown = commands.filter(({ describe }) => describe !== false)
  const row = shown.find(({ command }) => command.split(' ')[0] === words[0])
  if (words.length < 2 || row === undefined) return shown.map(({ command }) => command.split(' ')[0] ?? '')
  if (words.slice(0, -1).includes('--')) return [] // the guest's words
  if (words.at(-1)?.startsWith('-')) return optionsOf(row)
  const place = row.command.split(' ').slice(1).at(-1) ?? ''
  if (place.includes('profile')) {
    const profiles = await listProfiles(surroundings(argv, io))
    return profiles.filter(({ shadowed, template }) => !shadowed && !template).map(({ name }) => name)
  }
  if (row.command.startsWith('fault') && words.length > 2) return words.length === 3 ? Object.keys(faultVerbs) : []
  if (/[<[]vm/.test(row.command))
    return (await readVmInfos(await stateFolder(argv, io))).map(({ number }) => String(number))
  if (row.command.startsWith('net')) return ['up', 'down', 'status', 'exec']
  if (row.command.startsWith('cache')) return ['ls', 'gc']
  if (row.command.startsWith('completion')) return ['bash', 'zsh', 'fish']
  return []
}

async function optionsOf(row: CommandRow): Promise<string[]> {
  const { default: yargs } = await import('yargs')
  const { options } = await row.load()
  const names: string[] = []
  // Asked of the builder itself, so that the list cannot drift from the options there are.
  const recorder = new Proxy(yargs(), {
    get(target, key) {
      if (key === 'option') {
        return (name: string) => {
          names.push(name.length === 1 ? `-${name}` : `--${name}`)
          return recorder
        }
      }
      const value = Reflect.get(target, key)
      return typeof value === 'function' ? () => recorder : value
    },
  })
  options(recorder)
  return [...names, '--set', '--config', '--verbose', '--help']
}
