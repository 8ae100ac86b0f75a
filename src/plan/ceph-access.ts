import type { Settings } from '../config/schema.js'
import { RapidoError } from '../errors.js'
import { guestRun } from './guest-env.js'

/** Where a cluster's monitors are, as "ADDRESS:PORT", and its own names: all that is no secret. */
export interface CephAccess {
  fsid: string | undefined
  monitors: { v1: string[]; v2: string[] }
  monHost: string // the same, as its conf has it
  user: string // without "client."
  conf: string // path
  keyring: string | undefined // path; undefined: the key is the secret ceph_key
}

/** A ceph.conf, by section; of two lines with one key the later holds, and "mon host", "mon_host" and "mon-host" are one. */
export type CephConf = ReadonlyMap<string, ReadonlyMap<string, string>>

/** Reads a ceph.conf, or a keyring: the format of Ceph's ConfUtils.cc. What stands before all sections is of [global]. */
export function parseCephConf(text: string): CephConf {
  let section = new Map<string, string>()
  const sections = new Map([['global', section]])
  for (const line of withoutComments(text).split(/\r?\n/)) {
    const bare = line.trim()
    const [, name] = /^\[(.+)\]$/.exec(bare) ?? []
    if (name !== undefined) {
      section = sections.get(name.trim()) ?? new Map() // vstart.sh writes a second [global]
      sections.set(name.trim(), section)
      continue
    }
    const [, key, value] = /^([^=]+?)\s*=\s*(.*)$/.exec(bare) ?? []
    if (key !== undefined && value !== undefined) section.set(keyOf(key), plainValue(value))
  }
  return sections
}

/** A line that ends in a backslash goes on in the next one, but for a comment; a backslash keeps what would begin one. */
function withoutComments(text: string): string {
  return text.replaceAll(/\\\r?\n|(\\.)|[;#].*/g, '$1')
}

function plainValue(written: string): string {
  return written
    .replace(/^(["'])(.*)\1$/, '$2')
    .replaceAll(/\\(.)/g, '$1')
    .trim()
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
 * The monitors of a `mon host`: "[v2:10.0.0.1:3300/0,v1:10.0.0.1:6789/0] 10.0.0.2", in any of the notations that Ceph takes
 * (MonMap.cc). An address without a port stands for both versions; one with a port that says nothing may be of either.
 * Names are left as they are; what is no address is left out.
 */
export function monitorsOf(monHost: string): CephAccess['monitors'] {
  const monitors: CephAccess['monitors'] = { v1: [], v2: [] }
  for (const [, kind, written = '', digits] of monHost.matchAll(monitorPattern)) {
    const host = hostPart(written)
    if (host === undefined) continue
    const port = Number(digits ?? 0) // as Ceph has it, 0 is none
    const only = kind === 'v1' || kind === 'v2' ? kind : versionOfPort[port]
    for (const version of ['v2', 'v1'] as const) {
      if (only === undefined || only === version) monitors[version].push(`${host}:${port || defaultPorts[version]}`)
    }
  }
  return monitors
}

const defaultPorts = { v2: 3300, v1: 6789 }
const versionOfPort: Record<number, 'v1' | 'v2' | undefined> = { 3300: 'v2', 6789: 'v1' }

const address6 = '[0-9a-fA-F]*:[0-9a-fA-F]*:[0-9a-fA-F:.]*'
const monitorPattern = new RegExp(
  [
    '(?:(v1|v2|any):)?',
    `(\\[(?:[0-9.]+|${address6})\\]|${address6}(?=[\\s,;\\]/]|$)|[^\\s,;[\\]:/]+)`, // an IPv6 address may be bare
    '(?::(\\d+))?',
    '(?:/\\d+)?', // the nonce
  ].join(''),
  'g',
)

/** An IPv6 address in brackets, all else without. */
function hostPart(written: string): string | undefined {
  const bare = written.replace(/^\[(.*)\]$/, '$1')
  if (!bare.includes(':')) return bare
  return URL.canParse(`http://[${bare}]`) ? `[${bare}]` : undefined
}

/** The key of a user in a keyring; undefined where it has none. */
export function keyInKeyring(text: string, user: string): string | undefined {
  return parseCephConf(text).get(`client.${user}`)?.get('key')
}

/** Where the keyring of a user may be, in the order of Ceph's own default; `$cluster` is the name of the conf's file. */
export function keyringPaths(conf: CephConf, { path, user }: { path: string; user: string }): string[] {
  const slash = path.lastIndexOf('/')
  const folder = path.slice(0, slash)
  const cluster = /^(.+)\.conf$/.exec(path.slice(slash + 1))?.[1] ?? 'ceph'
  const name = `client.${user}`
  const variables = new Map(Object.entries({ cluster, name, type: 'client', id: user }))
  const set = clientOption(conf, user, 'keyring') ?? ''
  const expanded = set.replaceAll(/\$(?:\{(\w+)\}|(\w+))/g, (all, braced, bare) => variables.get(braced ?? bare) ?? all)
  const defaults = [`${cluster}.${name}.keyring`, `${cluster}.keyring`, 'keyring'].map((file) => `${folder}/${file}`)
  const named = expanded.split(/[,;]/).map((each) => each.trim()) // blanks may be in a name
  return [...named.filter(Boolean), ...defaults]
}

/** Variables of the guest: how it gets to the cluster, and what it is to use there. Never the key. */
export function cephVariables(access: CephAccess, settings: Settings): Record<string, string> {
  const { fs, path, ms_mode, mount_opts, pool, image } = settings.ceph
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
    CEPH_CONF: guestRun.cephConf,
    CEPH_MONITORS: monitors.join(','),
    CEPH_USER: access.user,
    CEPH_FSID: access.fsid ?? '',
    CEPH_FS: fs ?? '',
    CEPH_PATH: path,
    CEPH_MS_MODE: ms_mode,
    CEPH_MOUNT_OPTS: mount_opts ?? '',
    CEPH_POOL: pool,
    CEPH_IMAGE: image,
  }
}

/** A ceph.conf for programs of Ceph: in a guest, or QEMU. The key is in a file: a keyring, or one that has nothing else. */
export function clientConf(
  { fsid, monHost }: CephAccess,
  { ceph }: Settings,
  key: { keyring: string } | { keyfile: string },
): string {
  const modes = messengerModes[ceph.ms_mode]
  const lines = [
    '# Made by rapido.',
    '[global]',
    ...(fsid === undefined ? [] : [`fsid = ${fsid}`]),
    `mon host = ${monHost}`,
    ...Object.entries(key).map(([kind, path]) => `${kind} = ${path}`),
    ...(modes === undefined ? [] : [`ms client mode = ${modes}`, `ms mon client mode = ${modes}`]),
    'client mount timeout = 20', // as long as the kernel's client gets; it would be 300 s
    'log file =',
    'admin socket =',
  ]
  return `${lines.join('\n')}\n`
}

/** As Ceph's own programs have it; they never need v1. */
const messengerModes: Record<Settings['ceph']['ms_mode'], string | undefined> = {
  legacy: undefined,
  crc: 'crc',
  secure: 'secure',
  'prefer-crc': 'crc secure',
  'prefer-secure': 'secure crc',
}

/** The monitors that no guest reaches: this host's own loopback. */
export function loopbackMonitors({ monitors }: Pick<CephAccess, 'monitors'>): string[] {
  return [...monitors.v2, ...monitors.v1].filter((at) => /^(127\.|localhost$|::1$)/.test(hostOfMonitor(at)))
}

/** "[FD00:0::1]:6789" gives "fd00::1". */
export function hostOfMonitor(at: string): string {
  const host = at.replace(/:\d+$/, '')
  return host.startsWith('[') ? new URL(`http://${host}`).hostname.slice(1, -1) : host
}
