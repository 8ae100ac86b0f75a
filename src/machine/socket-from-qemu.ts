import { createServer, type Socket } from 'node:net'
import { RapidoError } from '../errors.js'
import { longestSocketPath } from '../plan/state-files.js'

/**
 * Listens at `path` for the one connection that QEMU makes there as it starts: no path to poll for, and nobody can
 * take our place. `close` ends the listening; the connection stays.
 */
export async function socketFromQemu(path: string): Promise<{ connection: Promise<Socket>; close(): void }> {
  if (path.length > longestSocketPath) {
    throw new RapidoError(
      'host',
      `the path of a socket is too long (${path.length} of ${longestSocketPath}): ${path}`,
      {
        hint: 'set paths.state in rapido.toml to a folder with a shorter name',
      },
    )
  }
  const server = createServer()
  const connection = new Promise<Socket>((resolve) => server.once('connection', resolve))
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(new RapidoError('host', `cannot listen at ${path}: ${cause.message}`, { cause })),
    )
    server.listen(path, resolve)
  })
  const close = () => void server.close()
  void connection.then(close)
  return { connection, close }
}
