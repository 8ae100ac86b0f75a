import { expect, test } from 'vitest'
import { expandEnvironment, expandSettings, namedSettings, unsetSettings } from '../../../src/config/expand.js'
import { loadSettings } from '../../../src/config/load.js'
import type { Profile } from '../../../src/config/profile.js'
import { profileSchema } from '../../../src/config/profile-schema.js'
import { RapidoError } from '../../../src/errors.js'

const { settings } = await loadSettings({
  cwd: '/',
  home: '/home/me',
  env: {},
  sets: [
    'kernel.src=/linux',
    'qemu.extra_args=["a", "b"]',
    'kernel.release=6.1',
    'guest.env.A=x',
    'secrets.key.env=KEY',
    'secrets."a.b".env=KEY',
  ],
})

function profile(table: object): Profile {
  const read = profileSchema.parse({ summary: 'A test', ...table })
  return { ...read, name: 'mine', folder: '/p/mine', bootScript: '/p/mine/boot.sh', origin: 'project' }
}

test.each([
  ['plain', 'plain'],
  ['{kernel.src}/tools', '/linux/tools'],
  ['/x/{kernel.release}/{guest.env.A}', '/x/6.1/x'],
  ['{kernel.src}{kernel.src}', '/linux/linux'],
  ['{qemu.extra_args}', 'a b'],
  ['{lio.size} {lio.delay} {iscsi.noop_out_interval}', '512 100 1'],
])('%j becomes %j', (text, expanded) => {
  expect(expandSettings(text, settings)).toBe(expanded)
})

test('a setting that is not set is named, with how to set it', () => {
  const expand = () => expandSettings('{image.dracut_src}/x', settings)
  expect(expand).toThrow(RapidoError)
  expect(expand).toThrow('{image.dracut_src}/x needs the setting image.dracut_src, which is not set')
  expect(expand).toThrow(
    expect.objectContaining({ hint: 'set it in rapido.toml, or with --set image.dracut_src=VALUE' }),
  )
})

test('a variable has its settings put in, and is left out where one is not set', () => {
  const env = { PLAIN: 'x', TREE: '{kernel.src}/fs', NONE: '{image.dracut_src}', HALF: '{kernel.src}{vm.cpus}' }
  expect(expandEnvironment(env, settings)).toEqual({ PLAIN: 'x', TREE: '/linux/fs' })
})

test('the settings of a text are found', () => {
  expect(namedSettings('{a.b}/{c}/x')).toEqual(['a.b', 'c'])
  expect(namedSettings('/plain')).toEqual([])
})

test('what a profile needs and is not set is found, each once', () => {
  const needy = profile({
    image: {
      install: ['{image.dracut_src}/x', '{kernel.src}/x'],
      include: [{ from: '{image.dracut_src}/y', to: '/y' }],
    },
    requires: {
      settings: [
        'kernel.src',
        'share.path',
        'kernel.params',
        'secrets.key',
        'secrets.a.b',
        'secrets.no',
        'guest.env.B',
        'vm.cpus',
      ],
    },
  })
  expect(unsetSettings(needy, settings)).toEqual([
    'share.path',
    'kernel.params',
    'secrets.no',
    'guest.env.B',
    'vm.cpus',
    'image.dracut_src',
  ])
  expect(unsetSettings(profile({}), settings)).toEqual([])
})
