import { describe, expect, test } from 'vitest'
import type { CpioEntry } from '../../../src/image/cpio.js'
import { imageTree } from '../../../src/image/image-tree.js'

const entry = (path: string, target?: string): CpioEntry => ({
  path,
  kind: target === undefined ? 'file' : 'link',
  mode: 0o755,
  start: 0,
  end: 0,
  data: 0,
  size: 0,
  ...(target === undefined ? {} : { target }),
})

const tree = imageTree([
  entry('/bin', 'usr/bin'),
  entry('/usr/bin/bash'),
  entry('/usr/bin/sh', 'bash'),
  entry('/usr/bin/vim', '../../etc/alternatives/vim'),
  entry('/etc/alternatives/vim', '/usr/bin/vim.basic'),
  entry('/usr/bin/vim.basic'),
  entry('/usr/bin/lost', '/nowhere'),
  entry('/usr/bin/round', 'round'),
])

describe('a path leads to', () => {
  test.each([
    ['/usr/bin/bash', '/usr/bin/bash'],
    ['/bin/sh', '/usr/bin/bash'],
    ['/bin/vim', '/usr/bin/vim.basic'],
    ['/bin/../bin/bash', '/usr/bin/bash'],
    ['/bin/lost', undefined],
    ['/bin/none', undefined],
  ])('%s: %s', (path, expected) => {
    expect(tree.resolve(path)).toBe(expected)
  })

  test('an end even where links go round in circles', () => {
    expect(tree.resolve('/bin/round')).toBe('/usr/bin/round')
  })
})

test('a file that is written gets its place through the links of its folders, not through its own', () => {
  expect(tree.place('/bin/sh')).toBe('/usr/bin/sh')
  expect(tree.place('/init')).toBe('/init')
})

test('of two entries at one place the later one counts', () => {
  expect(imageTree([entry('/init', 'sbin/init'), entry('/init')]).resolve('/init')).toBe('/init')
})
