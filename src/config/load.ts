import { dirname, join, resolve } from 'node:path'
import { RapidoError } from '../errors.js'
import { readDocument } from './document.js'
import { findMistakes } from './explain.js'
import { findConfigFile } from './find.js'
import { mergeLayers, resolvePaths } from './layers.js'
import { type UserFolders, xdgFolder } from './paths.js'
import { fileSchema, type Settings, settingsSchema } from './schema.js'
import { readSet, tableOf } from './sets.js'
import type { TomlTable } from './toml.js'
import { keyText } from './toml-value.js'

export interface LoadOptions extends UserFolders {
  cwd: string
  configFile?: string | undefined // --config
  sets?: readonly string[] | undefined // each --set, as typed: "vm.memory=2G"
  profile?: string | undefined // whose [profile.NAME] holds
}

/** The settings of a run, and the rapido.toml they came from, if there is one. */
export interface LoadedSettings {
  settings: Settings
  file: string | undefined
}

/**
 * The settings that hold in `cwd`: the defaults, over them rapido.toml, its [profile.NAME], and each --set. Throws one
 * RapidoError('usage') with a line per mistake: "file:line:column key: what; what to try".
 */
export async function loadSettings(options: LoadOptions): Promise<LoadedSettings> {
  const { cwd, configFile, sets = [] } = options
  const file = configFile === undefined ? await findConfigFile(cwd, options) : resolve(cwd, configFile)
  const sources = file === undefined ? [] : [await readFileSource(file, options)]
  sources.push(...sets.map((set) => readSetSource(set, options)))
  const mistakes = sources.flatMap((source) => source.mistakes)
  if (mistakes.length > 0) throw new RapidoError('usage', mistakes.join('\n'))
  return { settings: withDefaults(sources, options), file }
}

/** Something that settings come from. */
interface Source {
  table: TomlTable // paths in it are absolute
  mistakes: string[]
}

async function readFileSource(file: string, { cwd, home }: LoadOptions): Promise<Source> {
  const document = await readDocument(file, cwd)
  const table = resolvePaths(fileSchema, document.table, { folder: dirname(file), home })
  return { table, mistakes: document.tell(findMistakes(fileSchema, document.table)) }
}

/** What is no valid TOML value for a setting may still be one as bare text: guest.env.DEBUG=1, kernel.release=6.1. */
function readSetSource(set: string, { cwd, home }: LoadOptions): Source {
  const place = `--set ${/^[^=]*secret/i.test(set) ? set.replace(/=.*/s, '=…') : set}`
  const option = readSet(set)
  if (typeof option === 'string') return { table: {}, mistakes: [`${place}: ${option}`] }
  const readings = option.values.map((value) => {
    const table = tableOf(option.path, value)
    return { table, mistakes: findMistakes(fileSchema, table) }
  })
  const { table, mistakes } = readings.find((reading) => reading.mistakes.length === 0) ?? (readings[0] as Reading)
  return {
    table: resolvePaths(fileSchema, table, { folder: cwd, home }),
    mistakes: mistakes.map(({ path, message }) => {
      const isElsewhere = path.length !== option.path.length
      return isElsewhere ? `${place} ${keyText(path)}: ${message}` : `${place}: ${message}`
    }),
  }
}

interface Reading {
  table: TomlTable
  mistakes: ReturnType<typeof findMistakes>
}

function withDefaults(sources: Source[], options: LoadOptions): Settings {
  const layers = sources.flatMap(({ table: { profile, ...general } }) => {
    const own = options.profile === undefined ? undefined : (profile as TomlTable | undefined)?.[options.profile]
    return own === undefined ? [general] : [general, own as TomlTable]
  })
  const { kernel, paths, ...rest } = settingsSchema.parse(mergeLayers(layers))
  return {
    ...rest,
    kernel: { ...kernel, modules: kernel.modules ?? (kernel.src === undefined ? undefined : join(kernel.src, 'mods')) },
    paths: {
      state: paths.state ?? xdgFolder('XDG_STATE_HOME', options),
      cache: paths.cache ?? xdgFolder('XDG_CACHE_HOME', options),
    },
  }
}
