import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { setTimeout } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { type EnsuredImage, ensureImage } from '../../src/image/ensure.js'
import type { ImageEvent } from '../../src/image/events.js'
import { contents, useImageFolder } from '../helpers/image-folder.js'

// What becomes of an image, and of its cache, when its making is shared, cut short, or cannot be.

const { at, plan, input, ensure, imageFiles, leftovers } = useImageFolder()

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
    expect(processesAt(at('cache')).length).toBeGreaterThan(0)
    child.kill('SIGKILL')
    await once(child, 'exit')
    await untilTrue(() => leftovers().length === 0 && processesAt(at('cache')).length === 0)
    expect(imageFiles()).toEqual([])
    expect(await ensure(plan())).toMatchObject({ built: true, reason: 'new' })
  })

  test('when it is interrupted', async () => {
    const abort = new AbortController()
    const made = ensure(plan(), { signal: abort.signal, emit: () => setTimeout(200).then(() => abort.abort()) })
    await expect(made).rejects.toMatchObject({ code: 'interrupted' })
    expect(leftovers()).toEqual([])
    expect(processesAt(at('cache'))).toEqual([])
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
    const programs = [...wanted.userspace.programs, { name: 'x', path: '/nowhere/x', place: '/nowhere/x' }]
    const lacking = { ...wanted, userspace: { ...wanted.userspace, programs } }
    await expect(ensure(lacking)).rejects.toMatchObject({
      message: expect.stringContaining('dracut left out program /nowhere/x'),
    })
    expect(leftovers()).toEqual([])
  })
})

test('a cache that cannot be is refused with its path', async () => {
  writeFileSync(at('cache'), 'a file')
  await expect(ensure(plan())).rejects.toMatchObject({
    code: 'host',
    message: expect.stringContaining(`cannot write the image cache ${at('cache')}: `),
    hint: expect.stringContaining('paths.cache'),
  })
})

test.runIf(process.geteuid?.() === 0)('a full disk is told as such', async () => {
  mkdirSync(at('cache'))
  const script = 'mount -t tmpfs -o size=8m rapido "$1" && exec "$0" "$2" "$3"'
  const argv = [process.execPath, at('cache'), 'test/fixtures/cut-image.mjs', JSON.stringify(input())]
  const { stdout } = spawnSync('unshare', ['-m', 'bash', '--norc', '-c', script, ...argv], { encoding: 'utf8' })
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

function cutApart() {
  const child = spawn(process.execPath, ['test/fixtures/cut-image.mjs', JSON.stringify(input())], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return { child, lines: createInterface({ input: child.stdout }) }
}

/** What cut-image.mjs said, run without privileges where we have them. */
function cutAsOrdinaryUser(wanted: ReturnType<typeof input>): object[] {
  chmodSync(at(''), 0o755)
  mkdirSync(at('cache'), { mode: 0o700 })
  const root = process.geteuid?.() === 0
  if (root) chownSync(at('cache'), 65534, 65534)
  const node = [process.execPath, 'test/fixtures/cut-image.mjs', JSON.stringify(wanted)]
  const unprivileged = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', ...node]
  const [program = '', ...argv] = root ? unprivileged : node
  const said = execFileSync(program, argv, { encoding: 'utf8' })
  return said
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
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
