import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { packageFolder } from './places.js'
import type { Sandbox } from './sandbox.js'

/**
 * Starts a Samba server in the private network of a sandbox: "host" for the guests. Its user is root, its share is
 * called test. Returns the folder that is shared. It goes with the network.
 */
export async function startSmbServer(box: Sandbox, { password }: { password: string }): Promise<string> {
  const folder = join(box.folder, 'smb')
  mkdirSync(folder)
  const script = join(packageFolder, 'test/fixtures/programs/smb-server.sh')
  const server = box.rapido('net', 'exec', '--', 'sh', script, folder, 'rapido-br').input(`${password}\n`)
  await server.saying(/waiting for connections/)
  return join(folder, 'share')
}
