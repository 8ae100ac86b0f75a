import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readCpio } from '../../../src/image/cpio.js'
import { type NewEntry, writeCpio } from '../../../src/image/cpio-write.js'
import { type Examined, examineUserspace } from '../../../src/image/examine.js'
import { withFile } from '../../../src/image/file-bytes.js'
import type { UserspacePlan } from '../../../src/plan/layers.js'
import { dracut } from '../../helpers/image-inputs.js'

let folder: string
const at = (name: string) => join(folder, name)
const release = '6.1.0'
const tool = '#!/bin/sh\necho tool\n'

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rapido-examine-'))
  mkdirSync(at('lib/modules/6.1.0/kernel'), { recursive: true })
  mkdirSync(at('tree/sub'), { recursive: true })
  for (const [name, content] of [
    ['tool', tool],
    ['init', '#!/bin/bash\n'],
    ['lib/modules/6.1.0/kernel/xfs.ko', 'a module'],
    ['lib/modules/6.1.0/modules.dep', 'kernel/xfs.ko:\n'],
    ['tree/sub/a', 'a'],
  ] as const) {
    writeFileSync(at(name), content)
    chmodSync(at(name), 0o755)
    utimesSync(at(name), 1, 1)
  }
  symlinkSync('sub/a', at('tree/link'))
})

afterEach(() => rmSync(folder, { recursive: true }))

test('programs, modules, includes and the indexes of the modules are what an image is made of', () => {
  const { inputs, overlay, lacking, raced } = examine(whole())
  expect(inputs.map(({ path }) => path.replace(`${folder}/`, ''))).toEqual([
    '/lib', // a link in this host as well
    'init',
    'lib/modules/6.1.0/kernel/xfs.ko',
    'lib/modules/6.1.0/modules.dep',
    'tool',
    'tree',
    'tree/link',
    'tree/sub',
    'tree/sub/a',
  ])
  expect({ overlay, lacking, raced }).toEqual({ overlay: [], lacking: [], raced: [] })
})

describe('an include that dracut did not place is placed behind the image', () => {
  test.each<[string, NewEntry | undefined]>([
    ['because there was something else', { kind: 'file', path: '/init', mode: 0o755, data: Buffer.from('not ours') }],
    ['because there was a link', { kind: 'link', path: '/init', target: 'usr/lib/systemd/systemd' }],
    ['because its mode is another', { kind: 'file', path: '/init', mode: 0o644, data: Buffer.from('#!/bin/bash\n') }],
    ['because it is not there', undefined],
  ])('%s', (_, init) => {
    const entries = whole().filter(({ path }) => path !== '/init')
    const { overlay } = examine(init === undefined ? entries : [...entries, init])
    expect(overlay).toEqual([{ kind: 'file', path: '/init', mode: 0o755, data: Buffer.from('#!/bin/bash\n') }])
  })

  test('also when it lacks a part of a folder', () => {
    const { overlay } = examine(
      whole().filter(({ path }) => !path.startsWith('/opt/tree/sub') && path !== '/opt/tree/link'),
    )
    expect(overlay.map(({ kind, path }) => `${kind} ${path}`).sort()).toEqual([
      'file /opt/tree/sub/a',
      'folder /opt/tree/sub',
      'link /opt/tree/link',
    ])
  })
})

test('a program or a driver that is not in the image is told', () => {
  const { lacking } = examine(whole().filter(({ path }) => path !== at('tool') && !path.endsWith('xfs.ko')))
  expect(lacking).toEqual([`program ${at('tool')}`, 'driver xfs'])
})

test("this host's own configuration is withheld, the linker's is not", () => {
  const etc = (name: string, content: string): NewEntry => ({
    kind: 'file',
    path: `/etc/${name}`,
    mode: 0o644,
    data: Buffer.from(content),
  })
  const { withheld, inputs } = examine([...whole(), etc('passwd', passwd()), etc('made-by-dracut', 'x')])
  expect(withheld.map(({ path }) => path)).toEqual(['/etc/passwd'])
  expect(inputs.map(({ path }) => path)).not.toContain('/etc/passwd')
})

describe('a file that changed while dracut ran', () => {
  let startedAtMs: number

  beforeEach(async () => {
    await setTimeout(50) // what was written before counts as older
    startedAtMs = Date.now()
    writeFileSync(at('tool'), newer)
  })

  const newer = `${tool}echo more\n`
  const holding = (content: string) =>
    whole().map((entry) =>
      entry.path === at('tool') && entry.kind === 'file' ? { ...entry, data: Buffer.from(content) } : entry,
    )

  test('makes the image worthless', () => {
    expect(examine(holding(tool), { startedAtMs }).raced).toEqual([at('tool')])
  })

  test('does not when dracut took it as it is now', () => {
    expect(examine(holding(newer), { startedAtMs }).raced).toEqual([])
  })

  test('does not when it is as it was after the attempt before: the clock of its file server is ahead', () => {
    const first = examine(holding(tool), { startedAtMs })
    const before = new Map(first.inputs.map(({ path, stamp }) => [path, stamp]))
    expect(examine(holding(tool), { startedAtMs, before }).raced).toEqual([])
  })
})

/** The image that dracut makes of the plan. */
function whole(): NewEntry[] {
  const file = (path: string, data: string): NewEntry => ({ kind: 'file', path, mode: 0o755, data: Buffer.from(data) })
  return [
    { kind: 'folder', path: '/usr/lib', mode: 0o755 },
    { kind: 'link', path: '/lib', target: 'usr/lib' },
    file('/usr/lib/modules/6.1.0/kernel/xfs.ko', 'a module'),
    file('/usr/lib/modules/6.1.0/modules.dep', 'kernel/xfs.ko:\n'),
    file(at('tool'), tool),
    file('/init', '#!/bin/bash\n'),
    { kind: 'folder', path: '/opt/tree', mode: 0o755 },
    { kind: 'folder', path: '/opt/tree/sub', mode: 0o755 },
    file('/opt/tree/sub/a', 'a'),
    { kind: 'link', path: '/opt/tree/link', target: 'sub/a' },
  ]
}

function examine(
  entries: NewEntry[],
  { startedAtMs = Date.now() + 60_000, before = new Map<string, string>() } = {},
): Examined {
  writeFileSync(at('image'), writeCpio(entries))
  return withFile(at('image'), (fd) => examineUserspace(plan(), { fd, entries: readCpio(fd), startedAtMs, before }))
}

function plan(): UserspacePlan {
  const includes = [
    { from: at('init'), to: '/init', kind: 'file' as const },
    { from: at('tree'), to: '/opt/tree', kind: 'folder' as const },
  ]
  return {
    key: 'k',
    dracut: {
      ...dracut,
      program: '/nowhere/dracut',
      base: '/nowhere',
      kernel: { release, modulesDir: at('lib/modules/6.1.0'), drivers: ['xfs'] },
      with: ['bash'],
      install: [at('tool')],
      include: includes,
      extra: [],
    },
    programs: [{ name: 'tool', path: at('tool'), place: at('tool') }],
    includes,
    drivers: ['xfs'],
  }
}

function passwd(): string {
  return readFileSync('/etc/passwd', 'utf8')
}
