import { join } from 'node:path'
import { expect, test } from 'vitest'
import { symbolise } from '../../../src/machine/symbolise.js'

const src = join(import.meta.dirname, '../../fixtures/linux-tree')
const report = [
  'BUG: kernel NULL pointer dereference, address: 0000000000000000',
  'RIP: 0010:provoke_deref+0x5/0xdaf [provoke]',
  'Code: 48 89 <8b> 07 c3 at f+0x1/0x2',
  'Call Trace:',
  ' <TASK>',
  ' panic+0x118/0x2f4',
  ' ? do_init+0x4f/0x1000 [provoke]',
  ' </TASK>',
]

test('symbols get their source lines; all else stays as the kernel printed it, indentation too', async () => {
  expect(await symbolise(report, { src, vmlinux: `${src}/vmlinux`, modules: 'mods' })).toEqual({
    lines: [
      'BUG: kernel NULL pointer dereference, address: 0000000000000000',
      'RIP: 0010:provoke_deref (mods/provoke_deref.c:7) provoke',
      'Code: 48 89 <8b> 07 c3 at f+0x1/0x2',
      'Call Trace:',
      ' <TASK>',
      ' panic (mods/panic.c:7)',
      ' ? do_init (mods/do_init.c:7) provoke',
      ' </TASK>',
    ],
    note: undefined,
  })
})

test.each([
  ['no such tree', { src: '/no/tree' }, '/no/tree/scripts/decode_stacktrace.sh: No such file or directory'],
  ['no vmlinux', { vmlinux: `${src}/gone` }, `ERROR! ${src}/gone is no vmlinux`],
  ['no debug information', { vmlinux: `${src}/no-debug-info` }, 'has no debug information, or is of another kernel'],
  ['an answer of another length', { vmlinux: `${src}/more-lines` }, 'answered with other lines than it was given'],
  ['a script that takes too long', { vmlinux: `${src}/slow`, timeoutMs: 100 }, 'did not end within 100 ms'],
  ['an abort', { vmlinux: `${src}/slow`, signal: AbortSignal.timeout(100) }, 'interrupted'],
])('%s leaves the report as it is, and says so', async (_, tree, why) => {
  const { lines, note } = await symbolise(report, { src, vmlinux: `${src}/vmlinux`, ...tree })
  expect(lines).toEqual(report)
  expect(note).toMatch(/^not symbolised: /)
  expect(note).toContain(why)
})

test('a report without symbols asks nobody', async () => {
  const lines = ['Kernel panic - not syncing: VFS: Unable to mount root fs']
  expect(await symbolise(lines, { src: '/no/tree', vmlinux: '/no/vmlinux' })).toEqual({ lines, note: undefined })
})
