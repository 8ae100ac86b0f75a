import { CephRefusal, type CephSession } from './ask.js'

/** A client of a cluster, as its monitors know it: one mount, or one map. */
export interface ClientInstance {
  address: string // of the client, bare
  nonce: number
  id: number // its global id: what the MDS call it
}

interface MonSession {
  con_type: string
  global_id: number
  socket_addr: { addr: string; nonce: number }
}

interface MonDump {
  mons: { name: string; rank: number }[]
  quorum: number[] // ranks: the others would not answer
}

/** The client instances at these addresses. Each monitor knows its own sessions. */
export async function clientsAt(
  session: CephSession,
  isTheirs: (address: string) => boolean,
): Promise<ClientInstance[]> {
  const { mons, quorum } = await session.json<MonDump>('mon', { prefix: 'mon dump' }, { timeoutMs })
  const found = new Map<string, ClientInstance>()
  for (const { name } of mons.filter(({ rank }) => quorum.includes(rank))) {
    const sessions = await session.json<MonSession[]>(`mon.${name}`, { prefix: 'sessions' }, { timeoutMs })
    for (const { con_type, global_id, socket_addr } of sessions) {
      const address = bareHost(socket_addr.addr)
      if (con_type !== 'client' || !isTheirs(address)) continue
      const instance = { address, nonce: socket_addr.nonce, id: global_id }
      found.set(instanceName(instance), instance)
    }
  }
  return [...found.values()]
}

const timeoutMs = 10_000

/** "[fd00::1]:0" gives "fd00::1". */
function bareHost(written: string): string {
  return written.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1')
}

/**
 * Shuts client instances, by name, out of a cluster, for an hour: what they hold, caps of a file system or the lock of an image,
 * is free at once, and not only when they have been silent for minutes.
 */
export async function fence(session: CephSession, names: readonly string[]): Promise<void> {
  for (const addr of names) await session.json('mon', { prefix: 'osd blocklist', blocklistop: 'add', addr })
}

/**
 * Fences those who have locked an RBD image and are gone, such as a QEMU that was killed: whoever writes to the image next
 * would wait for them, for half a minute.
 */
export async function fenceDeadOwners(
  session: CephSession,
  { pool, image }: { pool: string; image: string },
): Promise<void> {
  const { status, out, why } = await session.ask({ to: 'owners', pool, name: image }, { timeoutMs })
  if (status !== 0) throw new CephRefusal(`who has locked ${pool}/${image}`, { status, why })
  const owners: string[] = JSON.parse(out)
  if (owners.length === 0) return
  const living = (await clientsAt(session, () => true)).map(instanceName)
  await fence(
    session,
    owners.filter((owner) => !living.includes(owner)),
  )
}

/** As `ceph osd blocklist` has it. */
export function instanceName({ address, nonce }: Pick<ClientInstance, 'address' | 'nonce'>): string {
  return `${address.includes(':') ? `[${address}]` : address}:0/${nonce}`
}
