import type { Settings } from '../../config/schema.js'
import { RapidoError } from '../../errors.js'
import { runInPrivateNetwork } from '../../runs/private-network.js'
import type { NetOptions } from '../commands/net.js'
import type { Io, Status } from '../io.js'

/** `rapido net exec -- CMD`: runs a program in the private network; its status is ours. */
export async function exec(settings: Settings, argv: NetOptions, io: Io): Promise<Status> {
  const words = [...(argv.command ?? []), ...(argv['--'] ?? [])]
  if (words.length === 0)
    throw new RapidoError('usage', 'net exec: which program?', { hint: 'rapido net exec -- PROGRAM …' })
  return runInPrivateNetwork(settings, words, io)
}
