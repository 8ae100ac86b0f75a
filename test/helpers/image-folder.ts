import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach } from 'vitest'
import type { Settings } from '../../src/config/schema.js'
import { gatherKernelFacts } from '../../src/host/kernels.js'
import { readCpio } from '../../src/image/cpio.js'
import { type EnsuredImage, type EnsureOptions, ensureImage } from '../../src/image/ensure.js'
import { gatherImageFacts } from '../../src/image/facts.js'
import { readPiece, withFile } from '../../src/image/file-bytes.js'
import { imageTree } from '../../src/image/image-tree.js'
import { type ImagePlan, planImage } from '../../src/plan/image.js'
import type { ImageProfile } from '../../src/plan/image-parts.js'
import { planKernel } from '../../src/plan/kernel.js'

/** For each test of a file: a folder with a program, a file to include, and a cache for images of both. */
export function useImageFolder() {
  let folder: string
  let cacheDir: string
  const at = (name: string) => join(folder, name)
  const path = process.env.PATH

  beforeEach(() => {
    folder = mkdtempSync('/var/tmp/rapido-image-') // not /tmp: what is there would be moved in the image
    cacheDir = at('cache')
    mkdirSync(at('bin'))
    writeFileSync(at('bin/tool'), '#!/bin/sh\necho one\n', { mode: 0o755 })
    writeFileSync(at('demo.conf'), 'a = 1\n')
    process.env.PATH = `${at('bin')}:${path}`
  })

  afterEach(() => {
    process.env.PATH = path
    rmSync(folder, { recursive: true })
  })

  return { at, plan, input, ensure, imageFiles, manifestFiles, leftovers }

  function plan(image: Partial<ImageProfile['image']> = {}, dracutArgs: string[] = [], dracutSrc?: string): ImagePlan {
    const { profile, guest, settings } = input(image, dracutArgs, dracutSrc)
    const kernel = planKernel({}, gatherKernelFacts({}))
    return planImage({ profile, guest, settings, kernel, facts: gatherImageFacts({ profile, guest, settings }) })
  }

  function input(image: Partial<ImageProfile['image']> = {}, dracutArgs: string[] = [], dracutSrc?: string) {
    const lists = {
      tools: false,
      install: [],
      install_optional: [],
      trees: [],
      drivers: [],
      drivers_optional: [],
      dracut_modules: [],
    }
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

  function ensure(wanted: ImagePlan, options: Partial<EnsureOptions> = {}): Promise<EnsuredImage> {
    return ensureImage(wanted, { cacheDir, ...options })
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
}

/** What is in an image. */
export function contents(image: string) {
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

function filesIn(where: string): string[] {
  return existsSync(where) ? readdirSync(where).map((name) => join(where, name)) : []
}
