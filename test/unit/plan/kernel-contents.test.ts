import { expect, test } from 'vitest'
import { kernelHas, kernelNumber, moduleName, readModules } from '../../../src/plan/kernel-contents.js'

const config =
  '# Linux\nCONFIG_64BIT=y\nCONFIG_XFS_FS=m\nCONFIG_HZ=250\nCONFIG_CC="gcc"\n# CONFIG_XFS_DEBUG is not set\nCONFIG_LAST=y'

test.each([
  ['64BIT', 'y'],
  ['CONFIG_64BIT', 'y'],
  ['XFS_FS', 'm'],
  ['HZ', 'y'],
  ['CC', 'y'],
  ['XFS_DEBUG', 'n'],
  ['XFS', 'n'], // not the start of another name
  ['FS', 'n'], // nor its end
  ['LAST', 'y'],
])('option %s is %s', (option, expected) => {
  expect(kernelHas({ config }, option)).toBe(expected)
})

test('the very first line of a configuration counts', () => {
  expect(kernelHas({ config: 'CONFIG_A=m\n' }, 'A')).toBe('m')
})

test('without a configuration nothing is known', () => {
  expect(kernelHas({}, '64BIT')).toBe('unknown')
  expect(kernelNumber({}, 'HZ')).toBeUndefined()
})

test.each([
  ['HZ', 250],
  ['XFS_FS', undefined],
  ['MISSING', undefined],
])('the number of option %s is %s', (option, expected) => {
  expect(kernelNumber({ config }, option)).toBe(expected)
})

test.each([
  ['kernel/drivers/md/dm-multipath.ko', 'dm_multipath'],
  ['kernel/fs/xfs/xfs.ko.xz', 'xfs'],
  ['extra/a.ko.zst', 'a'],
  ['virtio-rng', 'virtio_rng'],
])('the module of %s is %s', (path, expected) => {
  expect(moduleName(path)).toBe(expected)
})

test('modules.dep and modules.builtin become names', () => {
  const { modules, builtin } = readModules({
    dep: 'kernel/fs/xfs/xfs.ko: kernel/lib/libcrc32c.ko\nkernel/lib/libcrc32c.ko:\n',
    builtin: 'kernel/drivers/block/loop.ko\n',
  })
  expect(Object.fromEntries(modules)).toEqual({ xfs: 'kernel/fs/xfs/xfs.ko', libcrc32c: 'kernel/lib/libcrc32c.ko' })
  expect([...(builtin ?? [])]).toEqual(['loop'])
})

test('a kernel without modules.builtin does not tell what is built in', () => {
  expect(readModules({}).builtin).toBeUndefined()
})
