import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { commandLines, table } from '../../../src/cli/table.js'

test.each<[string[][], string]>([
  [[], 'VM  PROFILE\n'],
  [
    [
      ['1', 'simple'],
      ['100', 'x'],
    ],
    'VM   PROFILE\n1    simple\n100  x\n',
  ],
  [[['1', '']], 'VM  PROFILE\n1\n'],
  [[['1']], 'VM  PROFILE\n1\n'],
])('%j lines up, with nothing behind the last column', (rows, text) => {
  expect(table(['VM', 'PROFILE'], rows)).toBe(text)
})

test('a command has an option and its value on a line', () => {
  const argv = ['/usr/bin/qemu', '-m', '512M', '-nodefaults', '-device', 'virtio-rng-pci,disable-legacy=on']
  expect(commandLines(argv)).toBe(
    '/usr/bin/qemu \\\n  -m 512M \\\n  -nodefaults \\\n  -device virtio-rng-pci,disable-legacy=on',
  )
})

test('a shell reads the same words from it', () => {
  const words = ['', 'a b', "it's", '"', '$HOME', '*', '-x', "-append 'a'", 'a\nb', '~', '#', 'grün']
  const pasted = spawnSync('bash', ['--norc', '-c', commandLines(['printf', '%s\\0', ...words])])
  expect(pasted.stdout.toString().split('\0').slice(0, -1)).toEqual(words)
})
