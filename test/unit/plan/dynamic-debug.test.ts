import { expect, test } from 'vitest'
import { dynamicDebugArgs, dynamicDebugQueries } from '../../../src/plan/dynamic-debug.js'

const debug = { dyndbg_modules: ['xfs', 'dm-multipath'], dyndbg_files: ['fs/xfs/xfs_mount.c', 'net/*'] }

test('modules are words for the kernel command line, by their names as the kernel has them', () => {
  expect(dynamicDebugArgs(debug)).toEqual(['xfs.dyndbg=+p', 'dm_multipath.dyndbg=+p'])
})

test('files are queries for its dynamic_debug/control, a line each', () => {
  expect(dynamicDebugQueries(debug)).toEqual(['file fs/xfs/xfs_mount.c +p\n', 'file net/* +p\n'])
})

test('nothing is asked for where nothing is wanted', () => {
  const none = { dyndbg_modules: [], dyndbg_files: [] }
  expect([...dynamicDebugArgs(none), ...dynamicDebugQueries(none)]).toEqual([])
})
