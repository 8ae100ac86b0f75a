import { describe, expect, test } from 'vitest'
import {
  choiceOrSetting,
  neverIs,
  settingName,
  sizeOrSetting,
  withAnySettings,
  withSettings,
} from '../../../src/config/setting-names.js'

/** What a schema says of a value: the value itself once read, or why it cannot be. */
function readBy(
  schema: { safeParse: ReturnType<typeof sizeOrSetting | typeof withSettings>['safeParse'] },
  value: unknown,
): unknown {
  const { data, error } = schema.safeParse(value)
  return error === undefined ? data : error.issues.map(({ message }) => message).join('; ')
}

describe('a size, or a setting that is one', () => {
  test.each<[unknown, number | string]>([
    ['512M', 512],
    ['2G', 2048],
    ['{fstests.size}', '{fstests.size}'],
    ['{lio.size}', '{lio.size}'],
  ])('%j is %j', (written, read) => {
    expect(readBy(sizeOrSetting(), written)).toBe(read)
  })

  test.each<[unknown, string]>([
    ['big', 'is not a size; use a size such as 512M or 4G, in quotes'],
    [512, 'is not a size; use a size such as 512M or 4G, in quotes'],
    ['0M', 'is too small, or no whole number of MiB; use 1M or more'],
    ['{fstests.siez}', 'names no setting; did you mean fstests.size?'],
    ['{fstests.src}', 'names fstests.src, which is a path, not a size'],
    ['{vm.cpus}', 'names vm.cpus, which is a number from 1 to 255, not a size'],
    ['{secrets.key}', 'names secrets.key, which is a reference, not a size'],
    ['{fstests.size', 'is not a size; use a size such as 512M or 4G, in quotes'],
    ['{fstests.size}G', 'is not a size; use a size such as 512M or 4G, in quotes'],
  ])('%j %s', (written, why) => {
    expect(readBy(sizeOrSetting(), written)).toBe(why)
  })
})

test.each<[unknown, string]>([
  ['scsi', 'scsi'],
  ['{fstests.bus}', '{fstests.bus}'], // always a bus
  ['skuzzy', 'is not known; use one of "virtio", "scsi", "nvme", "zram"'],
  ['{fstests.buss}', 'names no setting; did you mean fstests.bus?'],
  ['{usb_gadget.backing}', 'names usb_gadget.backing, which is not always one of "virtio", "scsi", "nvme", "zram"'],
  ['{fstests.size}', 'names fstests.size, which is not always one of "virtio", "scsi", "nvme", "zram"'],
])('a bus, or a setting that is one: %j is %j', (written, read) => {
  expect(readBy(choiceOrSetting(['virtio', 'scsi', 'nvme', 'zram']), written)).toBe(read)
})

describe('text that names settings', () => {
  const any = { pattern: /./, what: 'text', advice: 'write something' }

  test.each<[string, boolean, boolean]>([
    ['{kernel.src}/x', true, true],
    ['{cifs.share} and {cifs.user}', true, true],
    ['{usb_gadget.backing}', true, true], // a choice
    ['no setting', true, true],
    ['{fstests.size}', false, true],
    ['{kernel.params}', false, true],
    ['{fstests.test_timeout}', false, true],
    ['{secrets.key}', false, false],
    ['{fstests.config.NAME}', false, false],
  ])('%s: text %j, anything that can be written %j', (written, asText, asAny) => {
    expect(withSettings(any).safeParse(written).success).toBe(asText)
    expect(withAnySettings(any).safeParse(written).success).toBe(asAny)
  })

  test('a name that is none is answered with the nearest', () => {
    expect(readBy(withSettings(any), '{fstests.scr}/x')).toBe('names no setting; did you mean fstests.src?')
  })
})

test.each<[string, string]>([
  ['fstests.src', 'fstests.src'],
  ['secrets.anything', 'secrets.anything'],
  ['guest.env.LANG', 'guest.env.LANG'],
  ['secrets.', 'is no setting; did you mean secrets.NAME?'],
  ['fstests.tree', 'is no setting; did you mean fstests.src?'],
])('as a setting that is required %s: %s', (key, said) => {
  const { error } = settingName().safeParse(key)
  expect(error?.issues[0]?.message ?? key).toMatch(said)
})

test.each<[string, string, string | undefined]>([
  ['usb_gadget.backing', 'crypt', undefined],
  ['usb_gadget.backing', 'crpyt', 'usb_gadget.backing is one of "zram", "crypt", "rbd"'],
  ['fstests.size', '8G', 'fstests.size is a size, which has no value to ask for here'],
  ['vm.cpus', '2', undefined],
  ['nosuch.setting', 'x', undefined], // that is told elsewhere
])('%s can be %s, or why not: %s', (key, value, why) => {
  expect(neverIs(key, value)).toBe(why)
})
