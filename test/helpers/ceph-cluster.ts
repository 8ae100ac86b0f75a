import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageFolder } from './places.js'
import type { Sandbox } from './sandbox.js'

/** The key of client.admin of the throwaway cluster. */
export function keyOf(box: Sandbox): string {
  const keyring = readFileSync(join(box.state, 'ceph/keyring'), 'utf8')
  return /\[client\.admin\]\s*key = (\S+)/.exec(keyring)?.[1] as string
}

/** rapido with a disk of this size for the files of its cluster. Who is not root needs a user namespace for mounts of their own. */
export function onSmallDisk(box: Sandbox, size: string, ...args: string[]) {
  const folder = join(box.state, 'ceph')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const script = `mount -t tmpfs -o size=${size},mode=700 small "$0" && exec "$@"`
  const rapido = [process.execPath, join(packageFolder, 'dist/main.js'), ...args]
  const unshare = ['unshare', process.geteuid?.() === 0 ? '-m' : '-rm']
  return box.command([...unshare, 'bash', '-c', script, folder, ...rapido]).outcome()
}
