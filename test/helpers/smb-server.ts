import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { packageFolder } from './places.js'
import type { Sandbox } from './sandbox.js'

/** A Samba server in the private network of a sandbox; it goes with that network. */
export interface SmbServer {
  share: string // folder of this host that is the share "test"
}

/** Starts one: its user is root, and it is "host" for the guests. */
export async function startSmbServer(box: Sandbox, { password }: { password: string }): Promise<SmbServer> {
  const folder = join(box.folder, 'smb')
  mkdirSync(folder)
  const script = join(packageFolder, 'test/fixtures/programs/smb-server.sh')
  const running = box.rapido('net', 'exec', '--', 'sh', script, folder, 'rapido-br').input(`${password}\n`)
  await running.saying(/waiting for connections/)
  return { share: join(folder, 'share') }
}
