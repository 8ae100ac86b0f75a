import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { settingsSchema } from '../../../src/config/schema.js'
import { RapidoError } from '../../../src/errors.js'
import type { HostLink } from '../../../src/plan/host-links.js'
import {
  type HostNetwork,
  type HostStep,
  hostNetwork,
  planHostDown,
  planHostUp,
} from '../../../src/plan/host-network.js'

// Of a real host: lo, eth0 (10.1.2.3/24), eth1, br0 with peer1 on it; then the same after `rapido net up` for nobody with
// two taps, and eth1 put on the bridge. `ip -json -details address show`, an interface a line.
const before = recorded('before')
const up = recorded('up')

const nobody = { name: 'nobody', uid: 65534 }

function recorded(name: string): HostLink[] {
  const lines = readFileSync(`test/fixtures/host-links/${name}.jsonl`, 'utf8').trimEnd().split('\n')
  return lines.map((line) => JSON.parse(line))
}

function wanted(network: object = {}, facts: Partial<Parameters<typeof hostNetwork>[1]> = {}): HostNetwork {
  const settings = settingsSchema.parse({ network: { taps: 2, ...network } })
  const random = Buffer.from([0xab, 0xcd])
  return hostNetwork(
    { ...settings, paths: { state: '/s', cache: '/c' } },
    { owner: nobody, ipv6: true, random, ...facts },
  )
}

/** The links with something else about one of them. */
function changed(links: HostLink[], name: string, changes: Partial<HostLink>): HostLink[] {
  return links.map((link) => (link.ifname === name ? { ...link, ...changes } : link))
}

function without(links: HostLink[], ...names: string[]): HostLink[] {
  return links.filter(({ ifname }) => !names.includes(ifname))
}

function commands(steps: HostStep[]): string[] {
  return steps.map(({ ip }) => ip.join(' '))
}

describe('net up', () => {
  test('makes it all where there is nothing, each step with its undo', () => {
    const steps = planHostUp(wanted({ taps: 1 }), before)
    expect(steps.map(({ ip, undo = [] }) => `${ip.join(' ')} | ${undo.join(' ')}`)).toEqual([
      'link add name rapido-unnamed address 02:72:70:ff:ab:cd type bridge forward_delay 0 | link delete dev rapido-unnamed',
      'link set dev rapido-unnamed name rapido-br alias rapido | link set dev rapido-br name rapido-unnamed',
      'link set dev rapido-br up | link set dev rapido-br down',
      'address add 192.168.155.1/24 broadcast + dev rapido-br | address delete 192.168.155.1/24 dev rapido-br',
      'address add fd72:6170:6964:6f::1/64 nodad dev rapido-br | address delete fd72:6170:6964:6f::1/64 dev rapido-br',
      'tuntap add dev rapido-unnamed mode tap user 65534 | link delete dev rapido-unnamed',
      'link set dev rapido-unnamed name rapido1.0 alias rapido | link set dev rapido1.0 name rapido-unnamed',
      'link set dev rapido1.0 master rapido-br | link set dev rapido1.0 nomaster',
      'link set dev rapido1.0 up | link set dev rapido1.0 down',
    ])
  })

  test('has nothing to do where all is there', () => {
    expect(planHostUp(wanted(), up)).toEqual([])
    expect(planHostUp(wanted({ uplink: 'eth1' }), up)).toEqual([])
  })

  test.each<[string, HostLink[], string[]]>([
    [
      'an address',
      changed(up, 'rapido-br', { addr_info: [] }),
      [
        'address add 192.168.155.1/24 broadcast + dev rapido-br',
        'address add fd72:6170:6964:6f::1/64 nodad dev rapido-br',
      ],
    ],
    ['the bridge being up', changed(up, 'rapido-br', { flags: ['BROADCAST'] }), ['link set dev rapido-br up']],
    [
      'a tap',
      without(up, 'rapido2.0'),
      [
        'tuntap add dev rapido-unnamed mode tap user 65534',
        'link set dev rapido-unnamed name rapido2.0 alias rapido',
        'link set dev rapido2.0 master rapido-br',
        'link set dev rapido2.0 up',
      ],
    ],
    [
      "a tap's being on the bridge",
      changed(up, 'rapido1.0', { master: undefined as never }),
      ['link set dev rapido1.0 master rapido-br'],
    ],
    [
      'a name for what was made last',
      [...up, { ...(up.at(-1) as HostLink), ifname: 'rapido-unnamed', ifalias: '', linkinfo: { info_kind: 'tun' } }],
      ['link delete dev rapido-unnamed'],
    ],
  ])('does what is missing: %s', (_, links, steps) => {
    expect(commands(planHostUp(wanted(), links))).toEqual(steps)
  })

  test('sets the MTU, and back to what it was', () => {
    expect(planHostUp(wanted({ mtu: 9000, taps: 0 }), up)).toEqual([
      {
        what: 'set the MTU of rapido-br',
        ip: ['link', 'set', 'dev', 'rapido-br', 'mtu', '9000'],
        undo: ['link', 'set', 'dev', 'rapido-br', 'mtu', '1500'],
      },
    ])
  })

  test('leaves IPv6 out where the host has none', () => {
    expect(
      commands(planHostUp(wanted({}, { ipv6: false }), before)).filter((command) => command.includes('fd72')),
    ).toEqual([])
  })

  test('makes a tap for each NIC of a VM', () => {
    expect(wanted({ vm: { 2: { nic: [{}, {}] } } }).taps).toEqual(['rapido1.0', 'rapido2.0', 'rapido2.1', 'rapido2.2'])
  })

  test('puts the uplink on the bridge', () => {
    expect(planHostUp(wanted({ uplink: 'eth1' }), changed(up, 'eth1', { master: undefined as never }))).toEqual([
      {
        what: 'put eth1 on rapido-br',
        ip: ['link', 'set', 'dev', 'eth1', 'master', 'rapido-br'],
        undo: ['link', 'set', 'dev', 'eth1', 'nomaster'],
      },
    ])
  })

  test.each<[object, HostLink[], string]>([
    [{ bridge: 'br0' }, before, 'the host has an interface br0 that rapido did not make (bridge)'],
    [{ bridge: 'eth1' }, before, 'the host has an interface eth1 that rapido did not make (veth)'],
    [{ bridge: 'lo' }, before, 'the host has an interface lo that rapido did not make (loopback)'],
    [{ bridge: 'rapido1.0' }, up, 'the host has an interface rapido1.0 that rapido did not make (tun)'],
    [{ address: '10.1.2.1/24' }, before, 'the network 10.1.2.0/24 is taken: eth0 of the host has 10.1.2.3/24'],
    [{ address: '10.1.0.1/16' }, before, 'the network 10.1.0.0/16 is taken: eth0 of the host has 10.1.2.3/24'],
    [{ bridge: 'lab' }, up, 'the network 192.168.155.0/24 is taken: rapido-br of the host has 192.168.155.1/24'],
    [{ bridge: 'lab', address: '10.55.0.1/16', address6: 'fd00:55::1/64' }, up, 'rapido1.0 is on the bridge rapido-br'],
    [
      {},
      changed(up, 'rapido2.0', { ifalias: 'mine' }),
      'the host has an interface rapido2.0 that rapido did not make (tun)',
    ],
    [{ uplink: 'eth7' }, before, 'network.uplink = "eth7": the host has no such interface'],
    [{ uplink: 'peer1' }, before, 'network.uplink = "peer1": it is a port of br0 already'],
    [{ uplink: 'lo' }, before, 'network.uplink = "lo": it leads nowhere'],
    [{ uplink: 'eth0' }, before, 'network.uplink = "eth0": it has the address 10.1.2.3/24, which would no longer work'],
  ])('refuses %j', (network, links, message) => {
    expect(() => planHostUp(wanted(network), links)).toThrow(
      expect.objectContaining({ code: 'host', message, hint: expect.any(String) }),
    )
  })

  test("refuses taps of another user's", () => {
    const alice = wanted({}, { owner: { name: 'alice', uid: 1000 } })
    expect(() => planHostUp(alice, up)).toThrow('rapido1.0 is for VMs of nobody, not of alice')
    const byNumber = changed(up, 'rapido1.0', { linkinfo: { info_kind: 'tun', info_data: { user: 1000 } } })
    expect(planHostUp({ ...alice, taps: ['rapido1.0'] }, byNumber)).toEqual([])
  })

  test('refuses an uplink that is for a private network', () => {
    expect(() => wanted({ uplink: 'nat' })).toThrow(RapidoError)
  })
})

describe('net down', () => {
  test('removes what rapido made, and releases what it did not', () => {
    expect(commands(planHostDown('rapido-br', up))).toEqual([
      'link set dev eth1 nomaster',
      'link delete dev rapido1.0',
      'link delete dev rapido2.0',
      'link delete dev rapido-br',
    ])
  })

  test('removes what is left of an up that was killed', () => {
    const tap = up.find(({ ifname }) => ifname === 'rapido1.0') as HostLink
    const { master: _, ...loose } = tap
    const unnamed = { ...loose, ifname: 'rapido-unnamed', ifalias: '' }
    expect(commands(planHostDown('rapido-br', [...before, loose, unnamed]))).toEqual([
      'link delete dev rapido-unnamed',
      'link delete dev rapido1.0',
    ])
  })

  test.each([
    ['nothing is there', 'rapido-br', before],
    ['the bridge is somebody else', 'br0', up],
    ['what is unnamed is no bridge and no tap', 'rapido-br', changed(before, 'eth1', { ifname: 'rapido-unnamed' })],
  ])('does nothing where %s', (_, name, links) => {
    expect(planHostDown(name, links)).toEqual([])
  })
})
