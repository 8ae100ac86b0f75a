import { expect, test } from 'vitest'
import { loadSettings } from '../../../src/config/load.js'
import type { Profile } from '../../../src/config/profile.js'
import { profileSchema } from '../../../src/config/profile-schema.js'
import { profileWith } from '../../../src/config/when.js'

const read = profileSchema.parse({
  summary: 'A test',
  image: { install: ['cat'], drivers: ['zram'] },
  requires: { kernel: ['ZRAM'] },
  when: [
    {
      setting: 'usb_gadget.backing',
      is: 'rbd',
      network: 'bridge',
      ceph: 'rbd',
      drivers: ['rbd'],
      kernel: ['BLK_DEV_RBD'],
    },
    { setting: 'usb_gadget.backing', is: 'crypt', install: ['dmsetup'] },
    { setting: 'iscsi.chap_user', settings: ['secrets.chap_password'] },
  ],
})
const profile: Profile = { ...read, name: 'mine', folder: '/p', bootScript: '/p/boot.sh', origin: 'project' }

async function withSets(...sets: string[]): Promise<Profile> {
  const { settings } = await loadSettings({ cwd: '/', home: '/home/me', env: {}, sets })
  return profileWith(settings, profile)
}

test('a profile is as it is written where nothing of its `when` holds', async () => {
  expect(await withSets()).toEqual(profile)
})

test('a value that a setting has adds to its lists, and changes network and cluster', async () => {
  expect(await withSets('usb_gadget.backing=rbd')).toMatchObject({
    network: 'bridge',
    ceph: 'rbd',
    image: { install: ['cat'], drivers: ['zram', 'rbd'] },
    requires: { kernel: ['ZRAM', 'BLK_DEV_RBD'] },
  })
  expect(await withSets('usb_gadget.backing=crypt')).toMatchObject({
    network: 'none',
    ceph: 'none',
    image: { install: ['cat', 'dmsetup'], drivers: ['zram'] },
  })
})

test('without a value it is enough that the setting is set', async () => {
  expect((await withSets('iscsi.chap_user=me')).requires.settings).toEqual(['secrets.chap_password'])
})
