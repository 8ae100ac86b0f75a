import { expect, test } from 'vitest'
import type { Profile } from '../../../src/config/profile.js'
import type { Settings } from '../../../src/config/schema.js'
import { guestEnv, hostName } from '../../../src/plan/guest-env.js'

function envOf(changes: { boot?: Record<string, string>; guest?: Record<string, string>; term?: string } = {}) {
  const profile = { name: 'demo', boot: { env: changes.boot ?? {} } } as Profile
  const settings = { guest: { env: changes.guest ?? {} }, cifs: { server: 'host', share: 'test' } } as Settings
  return guestEnv({ number: 7, profile, settings, term: changes.term })
}

test('a guest knows who it is, and finds its programs', () => {
  expect(envOf({ term: 'xterm-256color' })).toEqual({
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/run/rapido/bin',
    HOME: '/root',
    USER: 'root',
    SHELL: '/bin/bash',
    LANG: 'C.UTF-8',
    TERM: 'xterm-256color',
    RAPIDO_VM: '7',
    RAPIDO_PROFILE: 'demo',
    RAPIDO_SECRETS: '/run/rapido/secrets',
    RAPIDO_DISKS: '',
    RAPIDO_O_DIRECT: '16384', // 0o40000, of <fcntl.h> on x86
  })
})

test('nobody at a terminal: the console is a plain one', () => {
  expect(envOf().TERM).toBe('linux')
})

test("guest.env wins over the profile's, and both over ours", () => {
  const env = envOf({ boot: { MNT: '/profile', LANG: 'C', ONLY: 'boot' }, guest: { MNT: '/user', HOME: '/home' } })
  expect(env).toMatchObject({ MNT: '/user', LANG: 'C', ONLY: 'boot', HOME: '/home' })
})

test("the profile's may name settings, guest.env's not", () => {
  const env = envOf({ boot: { SHARE: '{cifs.share}', NONE: '{cifs.user}' }, guest: { BRACES: '{cifs.share}' } })
  expect(env).toMatchObject({ SHARE: 'test', BRACES: '{cifs.share}' })
  expect(env).not.toHaveProperty('NONE')
})

test('a guest that has disks on zram is told how large they are, in bytes', () => {
  const options = { number: 7, profile: { name: 'demo', boot: { env: {} } } as Profile, term: undefined }
  const zram = [
    { id: 'test', serial: 'TEST_DEV', sizeMiB: 20 * 1024, sizeKey: 'fstests.size' },
    { id: 'x', serial: 'rapido-x', sizeMiB: 1, sizeKey: 'disk.x.size' },
  ]
  const env = guestEnv({ ...options, settings: { guest: { env: {} } } as Settings, zram })
  expect(env).toMatchObject({ RAPIDO_ZRAM: 'TEST_DEV=21474836480 rapido-x=1048576', RAPIDO_DISKS: '' })
})

test('a guest is called rapido and its number', () => {
  expect(hostName(12)).toBe('rapido12')
})
