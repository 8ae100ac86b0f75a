import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { RapidoError } from '../../src/errors.js'
import { programFinder } from '../../src/host/programs.js'
import { cacheGc, cacheList } from '../../src/image/cache.js'
import { contents, useImageFolder } from '../helpers/image-folder.js'

// Real dracut, with the kernel that is there: about a second for each image.

const { at, plan, ensure, imageFiles, manifestFiles } = useImageFolder()

describe('an image', () => {
  test('is made once, of this host’s programs and drivers, and holds nothing of its configuration', async () => {
    const image = await ensure(plan({ drivers: ['xfs'], install: ['tool', 'ls'] }))
    expect(image).toMatchObject({ built: true, reason: 'new' })
    expect(modeOf(image.path)).toBe('600')
    expect(modeOf(at('cache/images'))).toBe('700')

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
    expect(wanted.userspace.dracut.program).toBe(at('dracut/dracut.sh'))
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
    ['when a file was touched', () => utimesSync(at('bin/tool'), new Date(), new Date())],
    ['when a file was written anew as it was', () => writeFileSync(at('bin/tool'), '#!/bin/sh\necho one\n')],
    ['when the image was touched', () => utimesSync(imageFiles()[0] ?? '', new Date(), new Date())],
  ])('%s', async (_, act) => {
    await ensure(plan())
    act()
    expect(await ensure(plan())).toMatchObject({ built: false })
  })
})

describe('an image is made anew', () => {
  test.each<[string, () => void, () => string]>([
    ['when a program changed', () => appendFileSync(at('bin/tool'), '# more\n'), () => `changed: ${at('bin/tool')}`],
    ['when a program may be run by others', () => chmodSync(at('bin/tool'), 0o700), () => `changed: ${at('bin/tool')}`],
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
      writeFileSync(at('bin/tool'), `#!/bin/sh\necho ${number}\n`)
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

describe('the collector', () => {
  test('lists images, the last used first, and removes what is not used', async () => {
    await ensure(plan())
    const other = await ensure(plan({ install_optional: ['strace', 'ls'] }))
    const images = cacheList(at('cache')).filter(({ kind }) => kind === 'image')
    expect(images.map(({ path: listed }) => listed)[0]).toBe(other.path)

    const old = images[1]
    const monthAgo = new Date(Date.now() - 31 * 24 * 3600 * 1000)
    utimesSync(at(`cache/manifests/${old?.key}.json`), monthAgo, monthAgo)
    expect((await cacheGc(at('cache'))).map(({ key }) => key)).toEqual([old?.key])
    expect(imageFiles()).toEqual([other.path])
  })

  test('keeps what a run may be about to open', async () => {
    await ensure(plan())
    expect(await cacheGc(at('cache'), { all: true })).toEqual([])
    expect(imageFiles()).toHaveLength(1)
  })
})

function findDracut(): string {
  return programFinder()('dracut') ?? ''
}

function overwrite(image: string): void {
  const bytes = readFileSync(image)
  bytes.fill(0x55, 5000, 6000)
  writeFileSync(image, bytes)
}

function modeOf(file: string): string {
  return (statSync(file).mode & 0o777).toString(8)
}
