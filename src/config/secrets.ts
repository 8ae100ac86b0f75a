import { readFile, stat } from 'node:fs/promises'
import { RapidoError } from '../errors.js'
import { run as runProgram } from '../host/run.js'
import type { SecretReference, Settings } from './schema.js'

export interface SecretSources {
  env: Readonly<Record<string, string | undefined>>
  run?: typeof runProgram
  signal?: AbortSignal
}

/** The values of all secrets, by name, and what the user should know about where they are. */
export interface Secrets {
  values: Map<string, string>
  notes: string[]
}

/**
 * Reads every secret that the settings refer to; call it just before use and keep the values nowhere. One line break at
 * the end is no part of a value. Throws RapidoError('host') with a line for each that cannot be had; no value, and
 * nothing that a command printed, is ever in a message.
 */
export async function readSecrets(settings: Pick<Settings, 'secrets'>, sources: SecretSources): Promise<Secrets> {
  const readings = await Promise.all(
    Object.entries(settings.secrets).map(async ([name, reference]) => {
      return { name, ...(await readSecret(name, reference, sources)) }
    }),
  )
  const problems = readings.flatMap(({ problem }) => problem ?? [])
  if (problems.length > 0) throw new RapidoError('host', problems.join('\n'))
  return {
    values: new Map(readings.map(({ name, value = '' }) => [name, value])),
    notes: readings.flatMap(({ note }) => note ?? []),
  }
}

interface Reading {
  value?: string
  note?: string
  problem?: string
}

async function readSecret(name: string, reference: SecretReference, sources: SecretSources): Promise<Reading> {
  const place = `secrets.${name} (${placeText(reference)})`
  const reading = await readReference(reference, sources)
  if (reading.problem !== undefined) return { problem: `${place}: ${reading.problem}` }
  const value = reading.value?.replace(/\r?\n$/, '')
  if (value === undefined || value === '') return { problem: `${place}: there is nothing in it` }
  return reading.note === undefined ? { value } : { value, note: `${place}: ${reading.note}` }
}

function placeText(reference: SecretReference): string {
  if ('file' in reference) return `file ${reference.file}`
  return 'env' in reference ? `environment variable ${reference.env}` : `command ${reference.command.join(' ')}`
}

async function readReference(reference: SecretReference, sources: SecretSources): Promise<Reading> {
  if ('file' in reference) return await readSecretFile(reference.file)
  if ('command' in reference) return await readCommand(reference.command, sources)
  const value = sources.env[reference.env]
  return value === undefined ? { problem: 'it is not set; export it' } : { value }
}

async function readSecretFile(file: string): Promise<Reading> {
  try {
    const value = await readFile(file, 'utf8')
    const { mode } = await stat(file)
    const isOpen = (mode & 0o004) !== 0
    return isOpen ? { value, note: `every user of this host may read it; chmod o-rwx ${file}` } : { value }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return { problem: 'no such file' }
    return { problem: `it cannot be read (${code})` }
  }
}

async function readCommand([file, ...args]: [string, ...string[]], sources: SecretSources): Promise<Reading> {
  const { run = runProgram, signal } = sources
  try {
    const { status, stdout } = await run(file, args, { timeoutMs: 60_000, ...(signal && { signal }) })
    return status === 0 ? { value: stdout } : { problem: `it ended with status ${status}; run it by hand to see why` }
  } catch (error) {
    if (!(error instanceof RapidoError) || error.code === 'interrupted') throw error
    return { problem: error.message }
  }
}
