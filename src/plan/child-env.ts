import type { Settings } from '../config/schema.js'

type Environment = Readonly<Record<string, string | undefined>>

/**
 * The environment of programs that last: who runs as we do can read it, so that no secret is left in it, nor what leads
 * programs of Ceph to another cluster than they are told.
 */
export function childEnv(env: Environment, { secrets }: Pick<Settings, 'secrets'>): Record<string, string | undefined> {
  const secret = Object.values(secrets).flatMap((reference) => ('env' in reference ? [reference.env] : []))
  const dropped = [...secret, 'CEPH_ARGS', 'CEPH_CONF', 'CEPH_KEYRING']
  return Object.fromEntries(Object.entries(env).filter(([name]) => !dropped.includes(name)))
}
