import { describe, expect, test } from 'vitest'
import { type Settings, settingsSchema } from '../../../src/config/schema.js'
import { bridgeCommands } from '../../../src/plan/bridge-commands.js'
import { guestNetworkLines, hostsFile, resolvConf } from '../../../src/plan/guest-network.js'
import { addressesOf, type NetworkPlan, planNetwork } from '../../../src/plan/network.js'

const choice = { kind: 'bridge', home: 'private', tapUp: '/r/tap-up.sh' } as const

function settingsWith(network: object = {}): Settings {
  return { ...settingsSchema.parse({ network }), paths: { state: '/s', cache: '/c' } }
}

function planned(network: object = {}, number = 1): Extract<NetworkPlan, { kind: 'bridge' }> {
  return planNetwork(choice, settingsWith(network), number) as Extract<NetworkPlan, { kind: 'bridge' }>
}

describe('a VM on a bridge', () => {
  test('has its addresses from its number', () => {
    expect(addressesOf(planned())).toEqual(['192.168.155.101', 'fd72:6170:6964:6f::101'])
    expect(addressesOf(planned({}, 26))).toEqual(['192.168.155.126', 'fd72:6170:6964:6f::11a'])
  })

  test('has a MAC address and a tap of its own, whatever its number', () => {
    const numbers = [1, 2, 15, 16, 99, 100, 254, 255, 256, 257, 511, 512, 999, 1000]
    const nics = numbers.flatMap(
      (number) => planned({ address: '10.0.0.1/8', vm: { [number]: { nic: [{}] } } }, number).nics,
    )
    expect(new Set(nics.map(({ mac }) => mac)).size).toBe(2 * numbers.length)
    expect(new Set(nics.map(({ tap }) => tap)).size).toBe(2 * numbers.length)
    expect(Math.max(...nics.map(({ tap }) => tap.length))).toBeLessThanOrEqual(15)
    expect(nics.every(({ mac }) => /^02(:[0-9a-f]{2}){5}$/.test(mac))).toBe(true)
  })

  test('has what is set for it instead', () => {
    const vm = { address: '10.0.0.7/8', mac: '02:00:00:00:00:07', nic: [{ address6: 'fd00::7/64' }] }
    expect(planned({ mtu: 9000, vm: { 3: vm } }, 3).nics).toEqual([
      {
        id: 'nic0',
        tap: 'rapido3.0',
        mac: '02:00:00:00:00:07',
        addresses: ['10.0.0.7/8', 'fd72:6170:6964:6f::103/64'],
        mtu: 9000,
      },
      { id: 'nic1', tap: 'rapido3.1', mac: '02:72:70:01:00:03', addresses: ['fd00::7/64'], mtu: 9000 },
    ])
  })

  test('has further ones in the networks that follow, but for what is set', () => {
    expect(addressesOf(planned({ nics: 3, vm: { 2: { nic: [{ address: '10.0.0.2/24' }] } } }, 2))).toEqual([
      '192.168.155.102',
      'fd72:6170:6964:6f::102',
      '10.0.0.2',
      '192.168.157.102',
      'fd72:6170:6964:71::102',
    ])
    const vm = { 1: { address: '10.0.0.9/26' } }
    expect(planned({ nics: 2, vm }).nics[1]?.addresses[0]).toBe('10.0.0.73/26')
  })

  test.each([
    [{ address: '192.168.155.1/26' }, 1, 'network.address = "192.168.155.1/26" has no address for vm1'],
    [{}, 155, 'has no address for vm155'],
    [{ address6: 'fd00::1/120' }, 1, 'network.address6 = "fd00::1/120" has no address for vm1'],
    [{ vm: { 1: { address: '192.168.155.102/24' } } }, 1, 'vm2 and vm1 have the same address: 192.168.155.102'],
    [{ vm: { 1: { address: '192.168.155.1/24' } } }, 9, 'vm1 and the host have the same address'],
    [
      { vm: { 1: { mac: '02:00:00:00:00:AA' }, 2: { nic: [{ mac: '02:00:00:00:00:aa' }] } } },
      9,
      'vm2 and vm1 have the same',
    ],
    [{ uplink: 'nat', dhcp_range: '192.168.155.2,192.168.155.9' }, 1, 'does not go with network.uplink'],
  ])('%j leaves VM %i without: %s', (network, number, message) => {
    expect(() => planned(network, number)).toThrow(message)
  })
})

describe('the guest is told', () => {
  test('its cards, and the way out where there is one', () => {
    const plan = planned({ uplink: 'nat', vm: { 1: { nic: [{}] } } })
    expect(guestNetworkLines(plan)).toEqual([
      'nic 02:72:70:00:00:01 0 192.168.155.101/24 fd72:6170:6964:6f::101/64',
      'nic 02:72:70:01:00:01 0 ',
      'route 192.168.155.2',
    ])
    expect(resolvConf(plan)).toBe('nameserver 192.168.155.3\n')
    expect(resolvConf(planned())).toBeUndefined()
    expect(guestNetworkLines({ kind: 'none' })).toEqual([])
  })

  test('the names of all, whichever run, and of roles', () => {
    const settings = settingsWith({ vm: { 2: { hostname: 'target' } } })
    const roles = new Map([['initiator', 3]])
    const hosts = hostsFile(planNetwork(choice, settings, 1), settings, { number: 1, roles }).split('\n')
    expect(hosts).toEqual(
      expect.arrayContaining([
        '127.0.0.1 localhost',
        '192.168.155.1 host',
        '192.168.155.101 rapido1',
        'fd72:6170:6964:6f::102 target rapido2',
        '192.168.155.103 rapido3 initiator',
        '192.168.155.200 rapido100',
      ]),
    )
    expect(hosts).toHaveLength(2 + 2 + 200 + 1)
  })

  test('only its own name where it is alone', () => {
    const roles = new Map()
    expect(hostsFile({ kind: 'none' }, settingsWith(), { number: 4, roles })).toBe(
      '127.0.0.1 localhost\n::1 localhost\n127.0.1.1 rapido4\n',
    )
  })
})

test('the bridge is made by these lines', () => {
  expect(bridgeCommands(planned({ mtu: 9000 }).bridge, { ipv6: true })).toEqual([
    'link set dev lo up',
    'link add name rapido-br address 02:72:70:ff:ff:ff mtu 9000 type bridge forward_delay 0',
    'addr add 192.168.155.1/24 dev rapido-br',
    'addr add fd72:6170:6964:6f::1/64 dev rapido-br nodad',
    'link set dev rapido-br up',
  ])
  expect(bridgeCommands(planned().bridge, { ipv6: false }).filter((line) => line.startsWith('addr'))).toHaveLength(1)
})
