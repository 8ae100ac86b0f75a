import { expect, test } from 'vitest'
import { settingsSchema } from '../../../src/config/schema.js'
import { dnsmasqArgs, planDhcp, rangeOf } from '../../../src/plan/dnsmasq-args.js'

function settings(network: object) {
  return { ...settingsSchema.parse({ network }), paths: { state: '/s', cache: '/c' } }
}

const plan = { bridge: 'lab', range: '10.0.0.5,10.0.0.9' }

test('dnsmasq serves DHCP on the bridge and nothing else, and keeps all of its files where it is told', () => {
  const args = dnsmasqArgs(plan, { pid: '/run/rapido/lab/pid', leases: '/run/rapido/lab/leases' }, undefined)
  expect(args).toEqual([
    '--conf-file=/dev/null',
    '--port=0',
    '--bind-interfaces',
    '--interface=lab',
    '--except-interface=lo',
    '--dhcp-range=10.0.0.5,10.0.0.9,1h',
    '--dhcp-option=option:router',
    '--dhcp-leasefile=/run/rapido/lab/leases',
    '--pid-file=/run/rapido/lab/pid',
  ])
  expect(rangeOf(args)).toBe('10.0.0.5,10.0.0.9')
})

test('it stays root where there is no other user to become', () => {
  const args = dnsmasqArgs(plan, { pid: '/p', leases: '/l' }, 'root')
  expect(args.slice(-2)).toEqual(['--user=root', '--group='])
})

test('the range is of the network of the settings', () => {
  expect(planDhcp(settings({}))).toBeUndefined()
  const network = { bridge: 'lab', address: '10.0.0.1/24' }
  expect(planDhcp(settings({ ...network, dhcp_range: '10.0.0.5,10.0.0.9' }))).toEqual(plan)
  expect(() => planDhcp(settings({ ...network, dhcp_range: '10.0.0.5,10.0.1.9' }))).toThrow(
    'network.dhcp_range = "10.0.0.5,10.0.1.9": 10.0.1.9 is not in the network of 10.0.0.1/24',
  )
})
