import { createHash } from 'node:crypto'
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { loadSettings } from '../../src/config/load.js'
import { loadProfile } from '../../src/config/profiles.js'
import { gatherKernelFacts } from '../../src/host/kernels.js'
import { cacheGc, cacheList } from '../../src/image/cache.js'
import { readCpio } from '../../src/image/cpio.js'
import { gatherImageFacts } from '../../src/image/facts.js'
import { readPiece, withFile } from '../../src/image/file-bytes.js'
import { imageTree } from '../../src/image/image-tree.js'
import { type ImagePlan, planImage } from '../../src/plan/image.js'
import { type KernelPlan, planKernel } from '../../src/plan/kernel.js'
import { planImageOf } from '../../src/runs/plan-run.js'
import { contents, useImageFolder } from '../helpers/image-folder.js'

// What an image is joined of, and what of it is made anew.

const { at, input, ensure, leftovers } = useImageFolder()

describe('the layers hold what one run of dracut would', () => {
  test.each(['simple', 'multipath', 'lio'])('for %s', async (name) => {
    const from = { cwd: process.cwd(), home: at('home'), env: {} }
    const { settings } = await loadSettings(from)
    const kernel = planKernel({}, gatherKernelFacts({}))
    const layered = planImageOf(await loadProfile(name, from), settings, kernel)
    const [one, other] = await Promise.all([ensure(inOneRun(layered, kernel)), ensure(layered)])
    expect(listed(other.path)).toEqual(listed(one.path))
    expect(listed(other.path).some((line) => line.includes('modules.builtin.modinfo'))).toBe(true)
  })
})

describe('what changed is made anew, and nothing else:', () => {
  let before: string[]
  beforeEach(async () => {
    copyModules()
    writeFileSync(at('agent'), 'first\n')
    await ensure(plan())
    before = layerFiles()
    expect(before.map(kindOf)).toEqual(['modules', 'userspace'])
  })

  test('a kernel module', async () => {
    const module = at(`mods/lib/modules/${plan().modules?.release}/${modulePath('crc32c_generic')}`)
    const bytes = readFileSync(module)
    bytes[bytes.length - 100] = 0xff ^ (bytes.at(-100) ?? 0) // before the words that tell of a signature
    writeFileSync(module, bytes)
    const image = await ensure(plan())
    expect(image).toMatchObject({ built: true, reason: `changed: ${module}` })
    expect(
      layerFiles()
        .filter((name) => !before.includes(name))
        .map(kindOf),
    ).toEqual(['modules'])
    expect(holds(image.path, 'crc32c_generic.ko')?.equals(bytes)).toBe(true)
  })

  test('a script of the guest', async () => {
    writeFileSync(at('agent'), 'second\n')
    const image = await ensure(plan())
    expect(image).toMatchObject({ built: true, reason: `changed: ${at('agent')}` })
    expect(contents(image.path).text('/usr/lib/rapido/agent')).toBe('second\n')
    expect(layerFiles()).toEqual(before)
  })

  test('a program', async () => {
    appendFileSync(at('bin/tool'), '# more\n')
    const image = await ensure(plan())
    expect(contents(image.path).text('/usr/bin/tool')).toBe('#!/bin/sh\necho one\n# more\n')
    expect(
      layerFiles()
        .filter((name) => !before.includes(name))
        .map(kindOf),
    ).toEqual(['userspace'])
  })
})

describe('layers are shared', () => {
  test('by plans that differ in another layer, and made once where both ask at the same time', async () => {
    copyModules()
    writeFileSync(at('agent'), 'first\n')
    await Promise.all([ensure(plan()), ensure(plan({ drivers: ['dummy'] }))])
    expect(layerFiles().map(kindOf)).toEqual(['modules', 'modules', 'userspace'])
    expect(leftovers()).toEqual([])
  })

  test('and stay in the cache as long as an image of theirs', async () => {
    copyModules()
    writeFileSync(at('agent'), 'first\n')
    await ensure(plan())
    const monthAgo = new Date(Date.now() - 31 * 24 * 3600 * 1000)
    const age = (...kinds: string[]) => {
      for (const { key, kind } of cacheList(at('cache')).filter(({ kind }) => kinds.includes(kind))) {
        utimesSync(at(`cache/${kind === 'layer' ? 'layers' : 'manifests'}/${key}.json`), monthAgo, monthAgo)
      }
    }
    age('layer')
    expect(await cacheGc(at('cache'))).toEqual([])
    age('image', 'layer')
    expect((await cacheGc(at('cache'))).map(({ kind }) => kind)).toEqual(['image', 'layer', 'layer'])
    expect(layerFiles()).toEqual([])
  })
})

test('a layer that is not the one that was made is not joined', async () => {
  copyModules()
  writeFileSync(at('agent'), 'first\n')
  await ensure(plan())
  const layer = join(at('cache/layers'), layerFiles()[1] ?? '')
  appendFileSync(layer, 'more')
  writeFileSync(at('agent'), 'second\n')
  await expect(ensure(plan())).rejects.toMatchObject({
    code: 'host',
    message: expect.stringContaining(`the cached layer ${layer} is not the one that was made`),
    hint: 'make it again with `rapido cut demo --force`',
  })
  expect(await ensure(plan(), { force: true })).toMatchObject({ built: true })
  expect(await ensure(plan())).toMatchObject({ built: false })
})

test('a driver that cannot be installed fails the image, and dracut with it', async () => {
  copyModules()
  writeFileSync(at('agent'), 'first\n')
  const wanted = plan()
  const modules = wanted.modules && { ...wanted.modules, drivers: [...wanted.modules.drivers, 'nosuch'] }
  await expect(ensure({ ...wanted, modules })).rejects.toMatchObject({
    message: expect.stringMatching(/^no image for profile "demo": dracut left out driver nosuch\n(.|\n)*nosuch/),
  })
  expect(leftovers()).toEqual([])
})

/** An image with a few modules that may be changed, and a script of the guest. */
function plan({ drivers = ['dummy', 'crc32c_generic'] } = {}): ImagePlan {
  const { profile, guest, settings } = input({ drivers })
  guest.include.push({ from: at('agent'), to: '/usr/lib/rapido/agent' })
  const kernel = planKernel({}, gatherKernelFacts({}))
  const facts = gatherImageFacts({ profile, guest, settings })
  return planImage({
    profile,
    guest,
    settings,
    facts,
    kernel: { ...kernel, modulesDir: at(`mods/lib/modules/${kernel.release}`) },
  })
}

function copyModules(): void {
  const { modulesDir = '', release } = planKernel({}, gatherKernelFacts({}))
  const to = at(`mods/lib/modules/${release}`)
  mkdirSync(to, { recursive: true })
  const indexes = readdirSync(modulesDir).filter((name) => name.startsWith('modules.'))
  for (const name of [...indexes, ...['dummy', 'crc32c_generic'].map(modulePath)]) {
    mkdirSync(dirname(join(to, name)), { recursive: true })
    if (existsSync(join(modulesDir, name))) cpSync(join(modulesDir, name), join(to, name))
  }
}

function modulePath(name: string): string {
  return planKernel({}, gatherKernelFacts({})).modules.get(name) ?? ''
}

/** The same with everything in one run of dracut. */
function inOneRun(plan: ImagePlan, { release, modulesDir }: KernelPlan): ImagePlan {
  const { includes, drivers, userspace, guest } = plan
  const dracut = {
    ...userspace.dracut,
    kernel: { release, modulesDir, drivers },
    include: includes.map(({ from, to }) => ({ from, to })),
  }
  return {
    ...plan,
    key: 'in-one-run',
    userspace: { ...userspace, key: 'in-one-run-userspace', includes, drivers, dracut },
    modules: undefined,
    guest: { ...guest, includes: [] },
  }
}

/** Everything in an image, with its content, but for what tells how dracut was called. */
function listed(image: string): string[] {
  return withFile(image, (fd) =>
    [...imageTree(readCpio(fd)).entries.values()]
      .filter(({ path }) => basename(path) !== 'build-parameter.txt')
      .map(({ path, kind, mode, data, size, target }) => {
        const content = kind === 'file' ? hash(readPiece({ fd, offset: data, size })) : target
        return `${path} ${kind} ${mode.toString(8)} ${content}`
      })
      .sort(),
  )
}

function hash(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function holds(image: string, name: string): Buffer | undefined {
  return withFile(image, (fd) => {
    const entry = readCpio(fd).find(({ path }) => basename(path) === name)
    return entry && readPiece({ fd, offset: entry.data, size: entry.size })
  })
}

function layerFiles(): string[] {
  return readdirSync(at('cache/layers'))
    .filter((name) => name.endsWith('.cpio'))
    .sort()
}

function kindOf(layer: string): string {
  return layer.replace(/-.*/, '')
}
