import { expect, test } from 'vitest'
import { forwardedPort, knownHosts, sshArgs } from '../../../src/plan/ssh-args.js'

const login = {
  number: 3,
  address: '192.168.155.103',
  port: 22,
  knownHosts: '/my state/100%/vms/3/known_hosts',
  identities: ['/home/me/.ssh/id_ed25519'],
  onlyThose: false,
  command: [],
}

test('ssh trusts the host key in its own file alone, and asks for no password', () => {
  expect(sshArgs(login)).toEqual([
    ...['-F', 'none'],
    ...['-o', 'HostKeyAlias=rapido3'],
    ...['-o', 'UserKnownHostsFile="/my state/100%%/vms/3/known_hosts"'],
    ...['-o', 'GlobalKnownHostsFile=/dev/null'],
    ...['-o', 'StrictHostKeyChecking=yes'],
    ...['-o', 'UpdateHostKeys=no'],
    ...['-o', 'PreferredAuthentications=publickey'],
    ...['-o', 'ConnectTimeout=30'],
    ...['-o', 'ServerAliveInterval=15'],
    ...['-o', 'ServerAliveCountMax=4'],
    ...['-i', '/home/me/.ssh/id_ed25519'],
    ...['-p', '22', '-l', 'root', '192.168.155.103'],
  ])
})

test('a key that is named is the only one tried, and a command comes last', () => {
  const args = sshArgs({ ...login, identities: ['/k'], onlyThose: true, command: ['ls', '-l'] })
  expect(args).toContain('IdentitiesOnly=yes')
  expect(args.slice(-5)).toEqual(['root', '192.168.155.103', '--', 'ls', '-l'])
})

test('a known_hosts line for each key of the guest', () => {
  expect(knownHosts(3, 'ssh-ed25519 AAAA root@rapido3\nssh-rsa BBBB\n\n')).toBe(
    'rapido3 ssh-ed25519 AAAA root@rapido3\nrapido3 ssh-rsa BBBB\n',
  )
})

test("a forwarded port is found in QEMU's table", () => {
  const table = [
    'Hub -1 (nic0):',
    '  Protocol[State]    FD  Source Address  Port   Dest. Address  Port RecvQ SendQ',
    '  UDP[HOST_FORWARD]  25       127.0.0.1 40001       10.0.2.15    22     0     0',
    '  TCP[HOST_FORWARD]  24       127.0.0.1 40000       10.0.2.15  8022     0     0',
    '  TCP[HOST_FORWARD]  23       127.0.0.1 39843       10.0.2.15    22     0     0',
    '',
  ].join('\r\n')
  expect(forwardedPort(table, 22)).toBe(39843)
  expect(forwardedPort(table, 23)).toBeUndefined()
  expect(forwardedPort('', 22)).toBeUndefined()
})
