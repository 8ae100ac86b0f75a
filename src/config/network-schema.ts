import { z } from 'zod'
import { addressRange, choice, hostAddress, integer, list, macAddress, text } from './kinds.js'
import { setting } from './setting.js'

const linkName = () =>
  text({
    pattern: /^(?!\.{1,2}$)[^\s/:]{1,15}$/,
    what: 'the name of an interface',
    advice: 'use at most 15 characters, none of them a blank, a slash or a colon',
  })

const nic = {
  address: setting(hostAddress(4).optional(), {
    meaning: 'Its IPv4 address.',
    example: '192.168.155.7/24',
    unset: 'the (100 + N)th of `network.address`; none on a further NIC',
  }),
  address6: setting(hostAddress(6).optional(), {
    meaning: 'Its IPv6 address.',
    example: 'fd72:6170:6964:6f::7/64',
    unset: 'the (0x100 + N)th of `network.address6`; none on a further NIC',
  }),
  mac: setting(macAddress().optional(), {
    meaning: 'Its MAC address.',
    example: '02:00:00:00:00:07',
    unset: '`02:72:70:NIC:N:N`, of the numbers of the NIC and the VM',
  }),
}

const networkedVm = z.strictObject({
  hostname: setting(
    text({
      pattern: /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i,
      what: 'a host name',
      advice: 'use letters, digits and hyphens, at most 63 of them',
    }).optional(),
    { meaning: 'Its host name.', example: 'target', unset: '`rapidoN`' },
  ),
  ...nic,
  nic: setting(list(z.strictObject(nic), { of: 'tables', such: '[{ address = "10.0.0.1/24" }]' }).prefault([]), {
    meaning: 'More NICs on the same bridge: a table each, with the keys above.',
    example: [{ address: '10.0.0.1/24' }],
  }),
})

/** [network] of rapido.toml. */
export const network = z
  .strictObject({
    home: setting(choice(['private', 'host']).optional(), {
      meaning:
        'Where the bridge of `network = "bridge"` is: in a network of your own, which no other program sees, or on the host.',
      example: 'private',
      unset: '"host" where `rapido net up` has made the bridge for you, else "private"',
    }),
    bridge: setting(linkName().prefault('rapido-br'), { meaning: 'The name of the bridge.', example: 'br0' }),
    address: setting(hostAddress(4).prefault('192.168.155.1/24'), {
      meaning:
        'IPv4 address of the host on the bridge, and the network of the VMs: VM N has the (100 + N)th address of it.',
      example: '10.55.0.1/16',
    }),
    address6: setting(hostAddress(6).prefault('fd72:6170:6964:6f::1/64'), {
      meaning:
        'IPv6 address of the host on the bridge, and the network of the VMs: VM N has the (0x100 + N)th address of it.',
      example: 'fd00:55::1/64',
    }),
    mtu: setting(integer({ from: 1280, to: 65_521 }).optional(), {
      meaning: 'Largest packet, in bytes, on the bridge and in the guests.',
      example: 9000,
      unset: '1500',
    }),
    nics: setting(integer({ from: 1, to: 8 }).prefault(1), {
      meaning:
        'How many NICs each VM has, all on the bridge. Of each further one the addresses are in the next network: ' +
        '192.168.156.0/24 after 192.168.155.0/24.',
      example: 2,
    }),
    taps: setting(integer({ from: 0, to: 1000 }).prefault(16), {
      meaning: 'With `home = "host"`: how many taps `rapido net up` makes, which is how many VMs can be on the bridge.',
      example: 40,
    }),
    tap_user: setting(
      text({
        pattern: /^[^\s:/-][^\s:/]*$/,
        what: 'the name of a user',
        advice: 'use a name as `id -un` prints it',
      }).optional(),
      {
        meaning: 'With `home = "host"`: the user whose VMs the taps are for.',
        example: 'alice',
        unset: 'whoever calls `sudo rapido net up`',
      },
    ),
    uplink: setting(linkName().optional(), {
      meaning:
        'A way out for the VMs. In a private network: "nat", to whatever you can reach, by slirp4netns. With ' +
        '`home = "host"`: an interface that `rapido net up` puts on the bridge.',
      example: 'nat',
      unset: 'VMs reach each other and the host, and nobody else',
    }),
    dhcp_range: setting(addressRange().optional(), {
      meaning:
        'First and last address that a DHCP server (dnsmasq) on the bridge gives away, both in the network of `address`. ' +
        "rapido's own VMs ask for none.",
      example: '192.168.155.200,192.168.155.250',
      unset: 'no DHCP',
    }),
    forwards: setting(
      list(
        text({
          pattern: /^(tcp|udp):(\d{1,5}):(\d{1,5})$/,
          what: 'a port forward',
          advice: 'use PROTOCOL:PORT OF THE HOST:PORT OF THE GUEST',
        }),
        { of: 'port forwards', such: '["tcp:2222:22"]' },
      ).prefault([]),
      {
        meaning:
          'With `network = "user"`: ports of 127.0.0.1 that lead into the guest. A host port of 0 is any free one.',
        example: ['tcp:2222:22'],
      },
    ),
    vm: setting(
      z
        .record(z.string().regex(/^[1-9]\d{0,3}$/, { error: 'use the number of a VM' }), networkedVm, {
          error: 'is not a table; use [network.vm.1]',
        })
        .prefault({}),
      {
        kind: 'table',
        meaning: 'What is particular to the VM of this number. Keys: `hostname`, `address`, `address6`, `mac`, `nic`.',
        example: { 1: { hostname: 'target', address: '192.168.155.7/24', nic: [{ address: '10.0.0.1/24' }] } },
      },
    ),
  })
  .prefault({})
  .meta({ id: 'network', description: 'The network of VMs, where their profile has one.' })
