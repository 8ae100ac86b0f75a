import { expect, test } from 'vitest'
import { ConsoleLines } from '../../../../src/machine/incidents/lines.js'
import { parsePrintk } from '../../../../src/machine/incidents/printk.js'

test.each([
  ['[    1.234567] Oops: 0000 [#1]', 'Oops: 0000 [#1]', 1.234567],
  ['[ 1234.000001][  T123] Oops', 'Oops', 1234.000001],
  ['[ 1234.000001][    C1] Oops', 'Oops', 1234.000001],
  ['[ 1234.000001] [  T123] Oops', 'Oops', 1234.000001], // as dmesg prints it
  ['[1234567.000001] Oops', 'Oops', 1234567.000001],
  ['<4>[    1.234567] Oops', 'Oops', 1.234567],
  ['<4>Oops', 'Oops', undefined],
  ['[   T38] Oops', 'Oops', undefined], // printk.time=0 with CONFIG_PRINTK_CALLER
  ['Oops', 'Oops', undefined],
  ['[    1.234567]  <TASK>', ' <TASK>', 1.234567],
  ['[    1.234567] ', '', 1.234567],
  ['root@vm:/# [    1.234567] Oops', 'Oops', 1.234567],
  ['copying 10%\rcopying 20%[    1.234567] Oops', 'Oops', 1.234567],
  ['\x1b[1;31m[    1.234567] \x1b[0mOops\x1b[K', 'Oops', 1.234567],
  ['[Fri Nov 21 10:49:11 2025] Oops', '[Fri Nov 21 10:49:11 2025] Oops', undefined], // dmesg -T: a copy
  ['[1.5] Oops', '[1.5] Oops', undefined],
])('%j says %j', (text, said, seconds) => {
  const [line] = new ConsoleLines().feed(`${text}\r\n`)
  expect(line && parsePrintk(line)).toMatchObject({ text: said, seconds })
})

test('escape sequences and controls are taken out, text of any language stays', () => {
  const lines = new ConsoleLines()
  const text = '\x1b]0;title\x07a\x1b[31mb\x1b(Bc\x00\x08d\tä€😀\x1b7e'
  expect([...lines.feed(Buffer.from(`${text}\n`))].map((line) => line.text)).toEqual(['abcd\tä€😀e'])
})

test('lines are counted as an editor counts them, and characters may be cut anywhere', () => {
  const lines = new ConsoleLines()
  const bytes = Buffer.from('ä\n\n€\r\nlast')
  const fed = [...bytes].flatMap((byte) => lines.feed(Buffer.from([byte])))
  expect([...fed, ...lines.end()].map(({ number, text }) => [number, text])).toEqual([
    [1, 'ä'],
    [2, ''],
    [3, '€'],
    [4, 'last'],
  ])
})
