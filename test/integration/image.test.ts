import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFileSync,
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Settings } from '../../src/config/schema.js'
import type { RapidoError } from '../../src/errors.js'
import { gatherKernelFacts } from '../../src/host/kernels.js'
import { programFinder } from '../../src/host/programs.js'
import { cacheGc, cacheList } from '../../src/image/cache.js'
import { readCpio } from '../../src/image/cpio.js'
import { type EnsuredImage, type EnsureOptions, ensureImage } from '../../src/image/ensure.js'
import type { ImageEvent } from '../../src/image/events.js'
import { gatherImageFacts } from '../../src/image/facts.js'
import { readPiece, withFile } from '../../src/image/file-bytes.js'
import { imageTree } from '../../src/image/image-tree.js'
import { type ImagePlan, planImage } from '../../src/plan/image.js'
import type { ImageProfile } from '../../src/plan/image-parts.js'
import { planKernel } from '../../src/plan/kernel.js'

// Real dracut, with the kernel that is there: about a second for each image.

let folder: string
let cacheDir: string
let tool: string
const at = (name: string) => join(folder, name)
const path = process.env.PATH

beforeEach(() => {
  folder = mkdtempSync('/var/tmp/rapido-image-') // not /tmp: what is there would be moved in the image
  cacheDir = at('cache')
  tool = at('bin/tool')
  mkdirSync(at('bin'))
  writeFileSync(tool, '#!/bin/sh\necho one\n', { mode: 0o755 })
  writeFileSync(at('demo.conf'), 'a = 1\n')
  process.env.PATH = `${at('bin')}:${path}`
})

afterEach(() => {
  process.env.PATH = path
  rmSync(folder, { recursive: true })
})

describe('an image', () => {
  test('is made once, of this host’s programs and drivers, and holds nothing of its configuration', async () => {
    const image = await ensure(plan({ drivers: ['xfs'], install: ['tool', 'ls'] }))
    expect(image).toMatchObject({ built: true, reason: 'new' })
    expect(modeOf(image.path)).toBe('600')
    expect(modeOf(join(cacheDir, 'images'))).toBe('700')

    const held = contents(image.path)
    expect(held.text('/init')).toBe(readFileSync('src/guest/init', 'utf8'))
    expect(held.text('/etc/demo.conf')).toBe('a = 1\n')
    expect(held.text('/usr/bin/tool')).toBe('#!/bin/sh\necho one\n') // by its link
    expect(held.paths.filter((name) => name.startsWith('/etc/') && !name.startsWith('/etc/ld.so.'))).toEqual([
      '/etc/cmdline.d',
      '/etc/demo.conf',
    ])
    expect(held.paths.filter((name) => name.endsWith('.ko')).map((name) => name.replace(/.*\//, ''))).toEqual(
      expect.arrayContaining(['xfs.ko', 'libcrc32c.ko', 'crc32c_generic.ko']), // its softdep, by an alias, too
    )
    expect(held.paths).toEqual(expect.arrayContaining(['/dev/console', '/dev/null']))
  })

  test('is found again at once', async () => {
    const first = await ensure(plan())
    const again = await ensure(plan())
    expect(again).toMatchObject({ path: first.path, built: false })
    expect(again.checkMs).toBeLessThan(150)
  })

  test('is ours at /init, whatever the modules of dracut put there', async () => {
    const image = await ensure(plan({ dracut_modules: ['base'] }))
    expect(contents(image.path).text('/init')).toBe(readFileSync('src/guest/init', 'utf8'))
  })

  test('can be made by a dracut from its source tree', async () => {
    execFileSync('cp', ['-r', '/usr/lib/dracut', at('dracut')]) // what `make` leaves in one
    execFileSync('cp', [findDracut(), at('dracut/dracut.sh')])
    const wanted = plan({}, [], at('dracut'))
    expect(wanted.dracut.program).toBe(at('dracut/dracut.sh'))
    const image = await ensure(wanted)
    expect(contents(image.path).text('/usr/bin/tool')).toBe('#!/bin/sh\necho one\n')
    appendFileSync(at('dracut/modules.d/00bash/module-setup.sh'), '# more\n')
    expect(await ensure(wanted)).toMatchObject({ reason: expect.stringContaining('00bash/module-setup.sh') })
  })

  test('is also left where image.output says', async () => {
    const wanted = { ...plan(), output: at('out.img') }
    const { path: made } = await ensure(wanted)
    expect(readFileSync(at('out.img')).equals(readFileSync(made))).toBe(true)
    expect(modeOf(at('out.img'))).toBe('600')
    const before = statSync(at('out.img')).ino
    await ensure(wanted)
    expect(statSync(at('out.img')).ino).toBe(before)
  })
})

describe('an image stays', () => {
  test.each<[string, () => void]>([
    ['when a file was touched', () => utimesSync(tool, new Date(), new Date())],
    ['when a file was written anew as it was', () => writeFileSync(tool, '#!/bin/sh\necho one\n')],
    ['when the image was touched', () => utimesSync(imageFiles()[0] ?? '', new Date(), new Date())],
  ])('%s', async (_, act) => {
    await ensure(plan())
    act()
    expect(await ensure(plan())).toMatchObject({ built: false })
  })
})

describe('an image is made anew', () => {
  test.each<[string, () => void, () => string]>([
    ['when a program changed', () => appendFileSync(tool, '# more\n'), () => `changed: ${tool}`],
    ['when a program may be run by others', () => chmodSync(tool, 0o700), () => `changed: ${tool}`],
    ['when an include changed', () => writeFileSync(at('demo.conf'), 'a = 2\n'), () => `changed: ${at('demo.conf')}`],
    ['when the image is gone', () => rmSync(imageFiles()[0] ?? ''), () => 'new'],
    ['when what the cache knows of it was cut short', () => truncateSync(manifestFiles()[0] ?? '', 100), () => 'new'],
  ])('%s', async (_, act, reason) => {
    await ensure(plan())
    act()
    expect(await ensure(plan())).toMatchObject({ built: true, reason: reason() })
    expect(await ensure(plan())).toMatchObject({ built: false })
  })

  test('when an optional program turned up', async () => {
    await ensure(plan({ install_optional: ['extra'] }))
    writeFileSync(at('bin/extra'), '#!/bin/sh\n', { mode: 0o755 })
    const image = await ensure(plan({ install_optional: ['extra'] }))
    expect(image).toMatchObject({ built: true, reason: 'new' })
    expect(contents(image.path).text('/usr/bin/extra')).toBe('#!/bin/sh\n')
  })

  test('when a file is new in a folder that is included', async () => {
    mkdirSync(at('tests'))
    const wanted = () => plan({ include: [{ from: 'tests', to: '/opt/tests' }] })
    await ensure(wanted())
    writeFileSync(at('tests/001'), 'test\n')
    const image = await ensure(wanted())
    expect(image).toMatchObject({ built: true, reason: `changed: ${at('tests')}` })
    expect(contents(image.path).text('/opt/tests/001')).toBe('test\n')
  })

  test('and the one before stays for a run that is about to open it, but not for ever', async () => {
    for (const number of [1, 2, 3]) {
      writeFileSync(tool, `#!/bin/sh\necho ${number}\n`)
      await ensure(plan())
    }
    expect(imageFiles()).toHaveLength(2)
  })
})

describe('what is not the image that was made is not booted', () => {
  test.each<[string, (image: string) => unknown, RegExp]>([
    ['cut short', (image) => truncateSync(image, 1000), /it has 1000 bytes instead of \d+/],
    ['with another content', (image) => overwrite(image), /its content is another/],
    ['a folder', (image) => [rmSync(image), mkdirSync(image)], /it is not a regular file/],
  ])('%s', async (_, act, message) => {
    const { path: image } = await ensure(plan())
    act(image)
    const error = await ensure(plan()).catch((error: RapidoError) => error as RapidoError)
    expect(error).toMatchObject({ code: 'host', hint: 'make it again with `rapido cut demo --force`' })
    expect((error as RapidoError).message).toMatch(message)
    expect((error as RapidoError).message).toContain(image)
    expect(await ensure(plan(), { force: true })).toMatchObject({ built: true, reason: 'forced' })
    expect(await ensure(plan())).toMatchObject({ built: false })
  })
})

describe('many at once', () => {
  test('share one build', async () => {
    const events: ImageEvent[] = []
    const emit = (event: ImageEvent) => void events.push(event)
    const images = await Promise.all(Array.from({ length: 5 }, () => ensure(plan(), { emit })))
    expect(new Set(images.map((image) => image.path)).size).toBe(1)
    expect(images.filter(({ built }) => built)).toHaveLength(1)
    expect(events.filter(({ phase }) => phase === 'built')).toHaveLength(1)
    expect(leftovers()).toEqual([])
  })
})

describe('nothing is left', () => {
  test('when the one who makes it is killed, and the next one makes it', async () => {
    const { child, lines } = cutApart()
    for await (const line of lines) if (JSON.parse(line).phase === 'building') break
    await setTimeout(250) // in the middle of dracut
    expect(processesAt(cacheDir).length).toBeGreaterThan(0)
    child.kill('SIGKILL')
    await once(child, 'exit')
    await untilTrue(() => leftovers().length === 0 && processesAt(cacheDir).length === 0)
    expect(imageFiles()).toEqual([])
    expect(await ensure(plan())).toMatchObject({ built: true, reason: 'new' })
  })

  test('when it is interrupted', async () => {
    const abort = new AbortController()
    const made = ensure(plan(), { signal: abort.signal, emit: () => setTimeout(200).then(() => abort.abort()) })
    await expect(made).rejects.toMatchObject({ code: 'interrupted' })
    expect(leftovers()).toEqual([])
    expect(processesAt(cacheDir)).toEqual([])
  })

  test('when dracut fails, whose last words are told', async () => {
    const made = ensure(plan({}, ['--no-such-option']))
    await expect(made).rejects.toMatchObject({
      code: 'host',
      message: expect.stringMatching(
        /^no image for profile "demo": dracut failed with status 1\n(.|\n)*--no-such-option/,
      ),
    })
    expect(leftovers()).toEqual([])
    expect(imageFiles()).toEqual([])
  })

  test('when dracut ends well but has left something out', async () => {
    const wanted = plan()
    const lacking = {
      ...wanted,
      programs: [...wanted.programs, { name: 'x', path: '/nowhere/x', place: '/nowhere/x' }],
    }
    await expect(ensure(lacking)).rejects.toMatchObject({
      message: expect.stringContaining('dracut left out program /nowhere/x'),
    })
    expect(leftovers()).toEqual([])
  })
})

test('a cache that cannot be is refused with its path', async () => {
  writeFileSync(cacheDir, 'a file')
  await expect(ensure(plan())).rejects.toMatchObject({
    code: 'host',
    message: expect.stringContaining(`cannot write the image cache ${cacheDir}: `),
    hint: expect.stringContaining('paths.cache'),
  })
})

test.runIf(process.geteuid?.() === 0)('a full disk is told as such', async () => {
  mkdirSync(cacheDir)
  const script = 'mount -t tmpfs -o size=8m rapido "$1" && exec "$0" "$2" "$3"'
  const argv = [process.execPath, cacheDir, 'test/fixtures/cut-image.mjs', JSON.stringify(input())]
  const { stdout } = spawnSync('unshare', ['-m', 'bash', '-c', script, ...argv], { encoding: 'utf8' })
  expect(JSON.parse(stdout.trim().split('\n').at(-1) ?? '')).toMatchObject({
    error: expect.stringContaining('no space left'),
    hint: expect.stringContaining('make room there'),
  })
})

test('an ordinary user makes the same image', async () => {
  const image = cutAsOrdinaryUser(input()).at(-1) as EnsuredImage
  const { path: own } = await ensureImage(plan(), { cacheDir: at('own') })
  expect(contents(image.path).paths).toEqual(contents(own).paths)
})

test('a folder with a file that may not be read is refused with its path', async () => {
  mkdirSync(at('tests'))
  writeFileSync(at('tests/secret'), '', { mode: 0o000 })
  const wanted = input({ include: [{ from: 'tests', to: '/opt/tests' }] })
  const [last] = cutAsOrdinaryUser(wanted).slice(-1)
  expect(last).toMatchObject({ error: expect.stringContaining(`cannot read the include ${at('tests/secret')}`) })
})

describe('the collector', () => {
  test('lists images, the last used first, and removes what is not used', async () => {
    await ensure(plan())
    const other = await ensure(plan({ install_optional: ['strace', 'ls'] }))
    expect(cacheList(cacheDir).map(({ path: listed }) => listed)[0]).toBe(other.path)

    const old = cacheList(cacheDir)[1]
    const monthAgo = new Date(Date.now() - 31 * 24 * 3600 * 1000)
    utimesSync(join(cacheDir, 'manifests', `${old?.key}.json`), monthAgo, monthAgo)
    expect((await cacheGc(cacheDir)).map(({ key }) => key)).toEqual([old?.key])
    expect(imageFiles()).toEqual([other.path])
  })

  test('keeps what a run may be about to open', async () => {
    await ensure(plan())
    expect(await cacheGc(cacheDir, { all: true })).toEqual([])
    expect(imageFiles()).toHaveLength(1)
  })
})

function plan(image: Partial<ImageProfile['image']> = {}, dracutArgs: string[] = [], dracutSrc?: string): ImagePlan {
  const { profile, guest, settings } = input(image, dracutArgs, dracutSrc)
  const kernel = planKernel({}, gatherKernelFacts({}))
  return planImage({ profile, guest, settings, kernel, facts: gatherImageFacts({ profile, guest, settings }) })
}

function input(image: Partial<ImageProfile['image']> = {}, dracutArgs: string[] = [], dracutSrc?: string) {
  const lists = { install: [], install_optional: [], drivers: [], drivers_optional: [], dracut_modules: [] }
  const profile: ImageProfile = {
    name: 'demo',
    folder,
    image: { ...lists, install: ['tool'], include: [{ from: 'demo.conf', to: '/etc/demo.conf' }], ...image },
    requires: { settings: [], kernel: [] },
  }
  const init = { from: join(process.cwd(), 'src/guest/init'), to: '/init' }
  const settings = { image: { dracut_args: dracutArgs, dracut_src: dracutSrc } } as unknown as Settings
  const guest = { install: ['bash'], install_optional: [], include: [init], drivers: [], drivers_optional: [] }
  return { profile, guest, settings, cacheDir }
}

function findDracut(): string {
  return programFinder()('dracut') ?? ''
}

function ensure(wanted: ImagePlan, options: Partial<EnsureOptions> = {}): Promise<EnsuredImage> {
  return ensureImage(wanted, { cacheDir, ...options })
}

function cutApart() {
  const child = spawn(process.execPath, ['test/fixtures/cut-image.mjs', JSON.stringify(input())], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return { child, lines: createInterface({ input: child.stdout }) }
}

/** What cut-image.mjs said, run without privileges where we have them. */
function cutAsOrdinaryUser(wanted: ReturnType<typeof input>): object[] {
  chmodSync(folder, 0o755)
  mkdirSync(cacheDir, { mode: 0o700 })
  const root = process.geteuid?.() === 0
  if (root) chownSync(cacheDir, 65534, 65534)
  const node = [process.execPath, 'test/fixtures/cut-image.mjs', JSON.stringify(wanted)]
  const unprivileged = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', ...node]
  const [program = '', ...argv] = root ? unprivileged : node
  const said = execFileSync(program, argv, { encoding: 'utf8' })
  return said
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
}

function contents(image: string) {
  return withFile(image, (fd) => {
    const entries = readCpio(fd)
    const tree = imageTree(entries)
    const texts = new Map(
      entries
        .filter(({ kind, size }) => kind === 'file' && size < 10_000)
        .map((entry) => [entry.path, readPiece({ fd, offset: entry.data, size: entry.size }).toString()]),
    )
    return { paths: [...tree.entries.keys()], text: (name: string) => texts.get(tree.resolve(name) ?? '') }
  })
}

function overwrite(image: string): void {
  const bytes = readFileSync(image)
  bytes.fill(0x55, 5000, 6000)
  writeFileSync(image, bytes)
}

function imageFiles(): string[] {
  return filesIn(join(cacheDir, 'images'))
}

function manifestFiles(): string[] {
  return filesIn(join(cacheDir, 'manifests'))
}

/** What should not be in a cache at rest. */
function leftovers(): string[] {
  return [
    ...filesIn(cacheDir).filter((name) => name.includes('/build-')),
    ...manifestFiles().filter((name) => !name.endsWith('.json')),
  ]
}

function filesIn(where: string): string[] {
  return existsSync(where) ? readdirSync(where).map((name) => join(where, name)) : []
}

/** Processes that name a path on their command line, other than this one and those that cut. */
function processesAt(where: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return [readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')]
      } catch {
        return []
      }
    })
    .filter((line) => line.includes(`${where}/`))
}

async function untilTrue(condition: () => boolean): Promise<void> {
  for (let waitedMs = 0; !condition(); waitedMs += 50) {
    if (waitedMs > 10_000) throw new Error('it did not become true within 10 s')
    await setTimeout(50)
  }
}

function modeOf(file: string): string {
  return (statSync(file).mode & 0o777).toString(8)
}
