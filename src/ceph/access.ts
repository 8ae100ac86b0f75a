import { existsSync, readFileSync } from 'node:fs'
import type { Settings } from '../config/schema.js'
import { RapidoError } from '../errors.js'
import {
  type CephAccess,
  type CephConf,
  clientOption,
  keyInKeyring,
  keyringPaths,
  monitorsOf,
  parseCephConf,
} from '../plan/ceph-access.js'
import type { CephFiles } from '../plan/state-files.js'

/** Who uses a throwaway cluster. */
export const throwawayUser = 'admin'

const usualConf = '/etc/ceph/ceph.conf'

/** The existing cluster of the settings, from its ceph.conf. Throws RapidoError('usage') for what is not in it. */
export function readExisting({ ceph, secrets }: Settings): CephAccess {
  const path = ceph.conf ?? usualConf
  const conf = readConf(path)
  const monHost = clientOption(conf, ceph.user, 'mon host') || monitorSections(conf) // empty is unset
  const monitors = monitorsOf(monHost)
  if (monitors.v1.length + monitors.v2.length === 0) {
    throw new RapidoError('usage', `${path} names no monitor`, { hint: 'it needs a line such as mon host = 10.0.0.1' })
  }
  const access = { fsid: clientOption(conf, ceph.user, 'fsid'), monitors, monHost, user: ceph.user, conf: path }
  if ('ceph_key' in secrets) return { ...access, keyring: undefined }
  const places = ceph.keyring === undefined ? keyringPaths(conf, { path, user: ceph.user }) : [ceph.keyring]
  const keyring = places.find((place) => existsSync(place))
  if (keyring === undefined) {
    throw new RapidoError('usage', `there is no keyring of client.${ceph.user}: no ${places.join(', no ')}`, {
      hint: 'name it with ceph.keyring, or the key with secrets.ceph_key in rapido.toml',
    })
  }
  readKey(keyring, ceph.user)
  return { ...access, keyring }
}

/** The throwaway cluster, from its files. */
export function readThrowaway(files: CephFiles): CephAccess {
  const conf = readConf(files.conf)
  const option = (name: string) => clientOption(conf, throwawayUser, name)
  const monHost = option('mon host') ?? ''
  return {
    fsid: option('fsid'),
    monitors: monitorsOf(monHost),
    monHost,
    user: throwawayUser,
    conf: files.conf,
    keyring: files.keyring,
  }
}

/** The key of a user. Throws RapidoError('usage') where the keyring has none; nothing of it is in a message. */
export function readKey(keyring: string, user: string): string {
  let text: string
  try {
    text = readFileSync(keyring, 'utf8')
  } catch (cause) {
    throw new RapidoError('host', `cannot read the keyring ${keyring}: ${(cause as NodeJS.ErrnoException).code}`, {
      hint: 'it is of another user, perhaps; ceph.keyring names another one',
      cause,
    })
  }
  const key = keyInKeyring(text, user)
  if (key !== undefined) return key
  const users = [...parseCephConf(text).keys()].filter((name) => name.startsWith('client.'))
  throw new RapidoError('usage', `${keyring} has no key of client.${user}`, {
    hint: users.length === 0 ? 'it has none of a client' : `it has those of ${users.join(', ')}; ceph.user chooses one`,
  })
}

function readConf(path: string): CephConf {
  try {
    return parseCephConf(readFileSync(path, 'utf8'))
  } catch (cause) {
    throw new RapidoError('usage', `cannot read ceph.conf at ${path}: ${(cause as NodeJS.ErrnoException).code}`, {
      hint: 'ceph.conf of rapido.toml names it; `rapido ceph up` makes a cluster of its own',
      cause,
    })
  }
}

/** [mon.a] with an address each, as older ones have it: of messenger v1, unless it says otherwise. */
function monitorSections(conf: CephConf): string {
  const sections = [...conf].filter(([name]) => name.startsWith('mon.'))
  const addresses = sections.flatMap(([, options]) => {
    const address = options.get('mon_addr')
    if (address === undefined) return options.get('host') ?? []
    return /^(v1|v2|any):/.test(address) ? address : `v1:${address}`
  })
  return addresses.join(' ')
}
