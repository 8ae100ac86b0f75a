import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest'
import { type PtyProcess, startOnPty } from '../../src/host/pty-process.js'
import { compile } from '../helpers/compiled.js'
import { isRunning } from '../helpers/processes.js'
import { until } from '../helpers/until.js'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rapido-pty-'))
})

afterEach(() => rmSync(folder, { recursive: true }))

/** A program on a pty, and all that it has said. */
async function start(file: string, args: string[] = [], size = { rows: 24, columns: 80 }) {
  const started = await startOnPty(file, args, { cwd: folder, errorsTo: join(folder, 'errors'), size })
  const said: Buffer[] = []
  started.onData((chunk) => said.push(chunk))
  return { process: started, said: () => Buffer.concat(said).toString('latin1') }
}

test('what is typed is read, what is said is heard, byte for byte', async () => {
  const { process, said } = await start('sh', ['-c', 'stty raw -echo; echo go; head -c 256'])
  await until(() => said().includes('go\n'))
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
  process.write(bytes)
  expect(await process.ended).toEqual({ status: 0, signal: undefined })
  expect(said().slice(said().indexOf('go\n') + 3)).toBe(bytes.toString('latin1'))
})

test('who listens late hears everything all the same', async () => {
  const late = await startOnPty('sh', ['-c', 'echo early; read -r _; echo late'], {
    cwd: folder,
    errorsTo: join(folder, 'errors'),
    size: { rows: 24, columns: 80 },
  })
  await delay(50)
  let said = ''
  late.onData((chunk) => {
    said += chunk
  })
  await until(() => said === 'early\n')
  late.write(Buffer.from('\n'))
  await late.ended
  expect(said).toContain('late')
})

test('it is a terminal of the size that was asked for, and changes with it', async () => {
  const script = 'trap "stty size; exit" WINCH; stty size; while :; do sleep 0.01; done'
  const { process, said } = await start('sh', ['-c', script], { rows: 33, columns: 101 })
  await until(() => said() === '33 101\n')
  process.resize({ rows: 50, columns: 132 })
  await process.ended
  expect(said()).toBe('33 101\n50 132\n')
})

test('arguments pass as they are, the folder is its own, errors go to their file', async () => {
  const words = ['', '$HOME', 'a b', '"', "'", '*']
  const { process, said } = await start('sh', ['-c', 'pwd; printf "%s|" "$@"; echo oops >&2', 'sh', ...words])
  await process.ended
  expect(said()).toBe(`${folder}\n${words.join('|')}|`)
  expect(readFileSync(join(folder, 'errors'), 'utf8')).toBe('oops\n')
})

test.each<[string, Awaited<PtyProcess['ended']>]>([
  ['exit 0', { status: 0, signal: undefined }],
  ['exit 3', { status: 3, signal: undefined }],
  ['kill -SEGV $$', { status: undefined, signal: 11 }],
])('the end of "%s" is told', async (script, end) => {
  const { process } = await start('sh', ['-c', script])
  expect(await process.ended).toEqual(end)
})

test('a program that is not there ends with the words of why', async () => {
  const { process } = await start('/nowhere/qemu')
  expect((await process.ended).status).toBe(127)
  expect(readFileSync(join(folder, 'errors'), 'utf8')).toContain('/nowhere/qemu')
})

test('what it said last is heard before the end', async () => {
  const { process, said } = await start('sh', ['-c', 'stty raw; printf %2000s; echo end'])
  await process.ended
  expect(said()).toBe(`${' '.repeat(2000)}end\n`)
})

test('a signal reaches its whole group', async () => {
  const { process, said } = await start('sh', ['-c', '(trap "" HUP; exec sleep 100) & echo $!; wait'])
  await until(() => said().endsWith('\n'))
  process.kill('SIGKILL')
  expect(await process.ended).toEqual({ status: undefined, signal: 9 })
  await until(() => !isRunning(Number(said())))
})

test('once it has ended, what is asked of it is nothing, and no error', async () => {
  const { process } = await start('true')
  await process.ended
  process.write(Buffer.from('x'))
  process.resize({ rows: 1, columns: 1 })
  process.pause()
  process.resume()
  process.kill('SIGTERM')
  await new Promise((resolve) => setTimeout(resolve, 20)) // an error of the pty's would come now
})

test('it is first in line when memory runs out', async () => {
  const { process } = await start('sleep', ['100'])
  expect(readFileSync(`/proc/${process.pid}/oom_score_adj`, 'utf8').trim()).toBe('500')
  process.kill('SIGKILL')
  await process.ended
})

test('it dies with us, even of kill -9', async () => {
  compile(folder, ['src/host/pty-process.ts'])
  const args = ['test/fixtures/programs/pty-parent.mjs', join(folder, 'src/host'), folder]
  const parent = spawn(globalThis.process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void parent.kill('SIGKILL'))
  const line = await new Promise<string>((resolve) => createInterface({ input: parent.stdout }).once('line', resolve))
  expect(isRunning(Number(line))).toBe(true)
  parent.kill('SIGKILL')
  await until(() => !isRunning(Number(line)))
})

test('the end of what a process says is not lost on a reader that lags behind', async () => {
  const script = 'stty raw; head -c 300000 /dev/zero | tr "\\0" x; echo end'
  const pty = await startOnPty('sh', ['-c', script], {
    cwd: '/',
    errorsTo: '/dev/null',
    size: { rows: 24, columns: 80 },
  })
  const chunks: Buffer[] = []
  pty.onData((chunk) => {
    chunks.push(chunk)
    const until = performance.now() + 2 // busy, as with a flood
    while (performance.now() < until);
  })
  await pty.ended
  const said = Buffer.concat(chunks).toString()
  expect(said.length).toBeGreaterThanOrEqual(300_004)
  expect(said.trimEnd().endsWith('xend')).toBe(true)
})
