import { expect, test } from 'vitest'
import { installCommand, type PackageManager, providerOf } from '../../../src/host/packages.js'
import { guestParts } from '../../../src/plan/guest-parts.js'

test.each<[string, PackageManager, ReturnType<typeof providerOf>]>([
  ['mkfs.xfs', 'apt', { package: 'xfsprogs' }],
  ['mkfs.xfs', 'pacman', { package: 'xfsprogs' }],
  ['multipath', 'apt', { package: 'multipath-tools' }],
  ['multipath', 'dnf', { package: 'device-mapper-multipath' }],
  ['dracut', 'apt', { package: 'dracut-core' }],
  ['iscsiadm', 'zypper', { package: 'open-iscsi' }],
  ['nosuch', 'apt', { find: 'apt-file search bin/nosuch' }],
  ['/usr/lib64/x/y.so', 'apt', { find: 'apt-file search /usr/lib64/x/y.so' }],
  ['/usr/lib64/x/y.so', 'zypper', { find: 'zypper search --provides /usr/lib64/x/y.so' }],
  ['nosuch', 'dnf', { find: "dnf provides '*/bin/nosuch'" }],
  ['nosuch', 'zypper', { find: 'cnf nosuch' }],
  ['nosuch', 'pacman', { find: 'pacman -F nosuch' }],
])('%s with %s', (program, manager, expected) => {
  expect(providerOf(program, manager)).toEqual(expected)
})

test('each program that every profile may have is in a package', () => {
  const { install } = guestParts('/g', { share: false, network: true, tools: true })
  expect(install.filter((name) => !('package' in providerOf(name, 'apt')))).toEqual([])
})

test('packages are named once', () => {
  expect(installCommand('apt', ['xfsprogs', 'strace', 'xfsprogs'])).toBe('apt install xfsprogs strace')
})

test('a host with none of the known package managers still gets an answer', () => {
  expect(providerOf('ls', undefined)).toEqual({ find: 'find the package that has ls' })
})
