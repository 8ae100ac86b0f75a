import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdtempSync, openSync, rmSync, truncateSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'

// The load runs here as it does in a guest, on a file.

const env = { ...process.env, RAPIDO_O_DIRECT: '0' } // not every file system has it
let folder: string
let file: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rapido-load-'))
  file = join(folder, 'disk')
  writeFileSync(file, '')
  truncateSync(file, 4 * 1024 * 1024)
})

afterEach(() => rmSync(folder, { recursive: true }))

async function load(...args: string[]): Promise<{ status: number; stdout: string; stderr: string }> {
  try {
    return { status: 0, ...(await promisify(execFile)('perl', ['src/guest/io-load', ...args], { env })) }
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string }
    return { status: code, stdout, stderr }
  }
}

test('writes, verifies, and says how much', async () => {
  const { status, stdout, stderr } = await load(file, '--seconds', '1', '--jobs', '2', '--size', '65536')
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  const { writes, reads, ...rest } = JSON.parse(stdout)
  expect(rest).toEqual({ errors: 0, mismatches: 0, longestGapMs: expect.any(Number), firstProblem: '' })
  expect(writes).toBeGreaterThan(16)
  expect(reads).toBeGreaterThan(16)
})

test('rests between two writes where it is told to, which is no gap', async () => {
  const { stdout } = await load(file, '--seconds', '2', '--pause', '600')
  const { writes, longestGapMs } = JSON.parse(stdout)
  expect(writes).toBeGreaterThan(1)
  expect(writes).toBeLessThan(7)
  expect(longestGapMs).toBeLessThan(550)
})

test('a block that is not as it was written is a mismatch', async () => {
  const running = load(file, '--seconds', '1', '--size', '262144')
  const fd = openSync(file, 'r+')
  const spoil = setInterval(() => {
    for (let block = 0; block < 64; block++) writeSync(fd, 'spoilt', block * 4096 + 2000)
  }, 20)
  const { status, stdout } = await running
  clearInterval(spoil)
  closeSync(fd)
  expect(status).toBe(1)
  expect(JSON.parse(stdout)).toMatchObject({ errors: 0, firstProblem: expect.stringMatching(/^block \d+ is not as/) })
  expect(JSON.parse(stdout).mismatches).toBeGreaterThan(0)
})

test('writes that fail are errors', async () => {
  const { status, stdout } = await load('/dev/full', '--seconds', '1')
  expect(status).toBe(1)
  const { errors, firstProblem } = JSON.parse(stdout)
  expect(errors).toBeGreaterThan(0)
  expect(firstProblem).toMatch(/^write of block \d+: No space left on device$/)
})

test('ends when it is told to, and tells what it did until then', async () => {
  const child = spawn('perl', ['src/guest/io-load', file, '--progress'], { env })
  const [progress] = await once(child.stderr, 'data')
  expect(JSON.parse(String(progress).split('\n')[0] ?? '')).toMatchObject({ errors: 0 })
  child.kill('SIGTERM')
  const [last] = await once(child.stdout, 'data')
  expect(JSON.parse(String(last))).toMatchObject({ errors: 0, mismatches: 0 })
  expect((await once(child, 'exit'))[0]).toBe(0)
})

test.each<[string[], RegExp]>([
  [[], /usage: io-load DEVICE/],
  [['/dev/null', '--sekonds', '1'], /what is "--sekonds"\?/],
  [['/dev/null', '--size', '100'], /less than a block for each job/],
  [['/no/such/disk', '--seconds', '1'], /\/no\/such\/disk: No such file/],
])('%j is refused, and is no result', async (args, message) => {
  const { status, stdout, stderr } = await load(...args)
  expect(status).toBeGreaterThan(1)
  expect(stdout).toBe('')
  expect(stderr).toMatch(message)
})
