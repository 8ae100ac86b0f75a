import { Address6 } from 'ip-address'
import type { Settings } from '../config/schema.js'
import { RapidoError } from '../errors.js'

/** Where a cluster's monitors are, as "ADDRESS:PORT", and its own names: all that is no secret. */
export interface CephAccess {
  fsid: string | undefined
  monitors: { v1: string[]; v2: string[] }
  user: string // without "client."
  conf: string // path
  keyring: string | undefined // path; undefined: the key is the secret ceph_key
}

/** A ceph.conf, by section; of two lines with one key the later holds, and "mon host", "mon_host" and "mon-host" are one. */
export type CephConf = ReadonlyMap<string, ReadonlyMap<string, string>>

/** Reads a ceph.conf: the format of Ceph's ConfFile.cc, comments and lines that go on included. */
export function parseCephConf(text: string): CephConf {
  const sections = new Map<string, Map<string, string>>()
  let section = new Map<string, string>()
  for (const line of text.replaceAll(/\\\r?\n/g, '').split(/\r?\n/)) {
    const bare = line.replace(/(^|\s)[;#].*$/, '').trim()
    const [, name] = /^\[(.+)\]$/.exec(bare) ?? []
    if (name !== undefined) {
      section = sections.get(name.trim()) ?? new Map() // vstart.sh writes a second [global]
      sections.set(name.trim(), section)
      continue
    }
    const [, key, value] = /^([^=]+?)\s*=\s*(.*)$/.exec(bare) ?? []
    if (key !== undefined && value !== undefined) section.set(keyOf(key), value.replace(/^(["'])(.*)\1$/, '$2'))
  }
  return sections
}

/** An option of a client, as Ceph looks for it. */
export function clientOption(conf: CephConf, user: string, option: string): string | undefined {
  const key = keyOf(option)
  return [`client.${user}`, 'client', 'global']
    .map((name) => conf.get(name)?.get(key))
    .find((value) => value !== undefined)
}

function keyOf(written: string): string {
  return written.trim().replaceAll(/[\s_-]+/g, '_')
}

/**
 * The monitors of a `mon host`: "[v2:10.0.0.1:3300/0,v1:10.0.0.1:6789/0] 10.0.0.2", in any of the notations that Ceph takes;
 * an address without a port stands for both. Names are left as they are.
 */
export function monitorsOf(monHost: string): CephAccess['monitors'] {
  const monitors: CephAccess['monitors'] = { v1: [], v2: [] }
  for (const [, kind, host = '', port] of monHost.matchAll(
    /(?:(v1|v2|any):)?(\[[0-9a-fA-F:.]+\]|[^\s,;[\]:/]+)(?::(\d+))?(?:\/\d+)?/g,
  )) {
    const version =
      kind === 'v1' || kind === 'v2' ? kind : port === '3300' ? 'v2' : port === undefined ? undefined : 'v1'
    for (const each of ['v2', 'v1'] as const) {
      if (version === undefined || version === each) monitors[each].push(`${host}:${port ?? defaultPorts[each]}`)
    }
  }
  return monitors
}

const defaultPorts = { v2: 3300, v1: 6789 }

/** The key of a user in a keyring; undefined where it has none. */
export function keyInKeyring(text: string, user: string): string | undefined {
  return parseCephConf(text).get(`client.${user}`)?.get('key')
}

/** Where the keyring of a user may be, in the order of Ceph's own default; `$cluster` is the name of the conf's file. */
export function keyringPaths(conf: CephConf, { path, user }: { path: string; user: string }): string[] {
  const slash = path.lastIndexOf('/')
  const [folder, cluster] = [path.slice(0, slash), path.slice(slash + 1).replace(/\.conf$/, '')]
  const set = clientOption(conf, user, 'keyring')
  const expanded = set?.replaceAll('$cluster', cluster).replaceAll('$name', `client.${user}`).replaceAll('$id', user)
  const defaults = [`${cluster}.client.${user}.keyring`, `${cluster}.keyring`, 'keyring'].map(
    (name) => `${folder}/${name}`,
  )
  return expanded === undefined ? defaults : [...expanded.split(/[,;\s]+/).filter(Boolean), ...defaults]
}

/** Variables of the guest: how it gets to the cluster, and what it is to use there. Never the key. */
export function cephVariables(access: CephAccess, settings: Settings): Record<string, string> {
  const { fs, path, ms_mode, mount_opts, pool, image, rbd } = settings.ceph
  const version = ms_mode === 'legacy' ? 'v1' : 'v2'
  const monitors = access.monitors[version]
  if (monitors.length === 0) {
    throw new RapidoError(
      'usage',
      `ceph.ms_mode = "${ms_mode}": ${access.conf} has no ${version} address of a monitor`,
      {
        hint: version === 'v1' ? 'use another mode, such as "crc"' : 'use "legacy"',
      },
    )
  }
  return {
    CEPH_MONITORS: monitors.join(','),
    CEPH_MON_HOST: [...access.monitors.v2.map((at) => `v2:${at}`), ...access.monitors.v1.map((at) => `v1:${at}`)].join(
      ',',
    ),
    CEPH_USER: access.user,
    CEPH_FSID: access.fsid ?? '',
    CEPH_FS: fs ?? '',
    CEPH_PATH: path,
    CEPH_MS_MODE: ms_mode,
    CEPH_MOUNT_OPTS: mount_opts ?? '',
    CEPH_POOL: pool,
    CEPH_IMAGE: image,
    CEPH_RBD_MAP: rbd.map,
  }
}

/** The monitors that no guest reaches: this host's own loopback. */
export function loopbackMonitors({ monitors }: CephAccess): string[] {
  return [...monitors.v2, ...monitors.v1].filter((at) => /^(127\.|localhost:|\[::1\])/.test(at))
}

/** "[fd00::1]:6789" gives "fd00::1". */
export function hostOfMonitor(at: string): string {
  const host = at.replace(/:\d+$/, '')
  return host.startsWith('[') ? new Address6(host.slice(1, -1)).correctForm() : host
}
