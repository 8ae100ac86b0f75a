import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { RapidoError } from '../errors.js'
import type { Settings } from './schema.js'

/**
 * The content of an authorized_keys file: the public keys of the files that ssh.authorized_keys names, else of those in
 * ~/.ssh. Throws RapidoError('usage') for a file that cannot be read or is no public key, and where there is no key.
 */
export async function readAuthorizedKeys({ ssh }: Pick<Settings, 'ssh'>, home: string): Promise<string> {
  const named = ssh.authorized_keys
  const files = named ?? (await usualFiles(join(home, '.ssh')))
  const lines = (await Promise.all(files.map(readKeys))).flat()
  if (lines.length > 0) return `${lines.join('\n')}\n`
  const where = named ? 'ssh.authorized_keys names no key' : `there is no public key in ${join(home, '.ssh')}`
  throw new RapidoError('usage', `nobody could log in to the guest by ssh: ${where}`, {
    hint: 'make a key with `ssh-keygen -t ed25519`, or name the files of public keys in ssh.authorized_keys',
  })
}

async function usualFiles(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => [])
  return names
    .filter((name) => /^id_.*\.pub$/.test(name) || name === 'authorized_keys')
    .sort()
    .map((name) => join(folder, name))
}

async function readKeys(file: string): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    const why = cause.code === 'ENOENT' ? 'no such file' : `it cannot be read (${cause.code})`
    throw new RapidoError('usage', `ssh.authorized_keys: ${file}: ${why}`, { cause })
  })
  if (text.includes('PRIVATE KEY')) {
    throw new RapidoError('usage', `ssh.authorized_keys: ${file} is a private key, which goes nowhere`, {
      hint: `name the public one: ${file}.pub`,
    })
  }
  return text.split('\n').filter((line) => /^[^#\s]/.test(line))
}
