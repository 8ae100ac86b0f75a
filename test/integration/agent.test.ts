import { createHash } from 'node:crypto'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { release, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { RapidoError } from '../../src/errors.js'
import type { CommandRequest } from '../../src/machine/control-channel.js'
import { isRunning } from '../helpers/processes.js'
import { type RealAgent, request, startAgent } from '../helpers/real-agent.js'
import { until } from '../helpers/until.js'

// The agent itself, and the host's end of its channel (src/machine/control-channel.ts, guest-command.ts), over pipes.

let agent: RealAgent
let folder: string

beforeAll(async () => {
  agent = await startAgent()
})

afterAll(() => agent[Symbol.asyncDispose]())

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rapido-agent-'))
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Runs a command to its end, with input that ends at once. */
async function run(command: string | string[], changes: Partial<CommandRequest> = {}, input?: Buffer) {
  const running = agent.channel.run(request(command, changes))
  running.stdin.end(input)
  const { status, stdout, stderr } = await running.collect()
  return { status, stdout: stdout.toString('latin1'), stderr: stderr.toString('latin1') }
}

test('the agent says hello with the release of its kernel', () => {
  expect(agent.told).toEqual([`hello ${release()}`])
})

test('the agent of a guest that was restored says hello to its new host, whatever bytes the randomness has', async () => {
  agent.channel.restart(new Error('this host is new')) // and waits for a greeting
  agent.channel.wake(new Date(), Buffer.from(Array.from({ length: 64 }, (_, index) => (index * 8) % 256)))
  expect((await run('echo awake')).stdout).toBe('awake\n')
  expect(agent.told).toEqual([`hello ${release()}`, `hello ${release()}`])
})

describe('a command', () => {
  test('has its standard output and its standard error apart', async () => {
    expect(await run('echo out; echo err >&2; echo more')).toEqual({
      status: 0,
      stdout: 'out\nmore\n',
      stderr: 'err\n',
    })
  })

  test('may print any byte', async () => {
    const bytes = Array.from({ length: 256 }, (_, byte) => byte)
    const octal = bytes.map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('')
    const { stdout } = await run(['printf', octal])
    expect([...Buffer.from(stdout, 'latin1')]).toEqual(bytes)
  })

  test.each<[string | string[], number, string]>([
    ['exit 7', 7, ''],
    ['exit 255', 255, ''],
    ['kill -TERM $$', 143, ''],
    ['kill -KILL $$', 137, ''],
    ['kill -SEGV $$', 139, ''],
    [['/nowhere/program'], 127, 'rapido: cannot run /nowhere/program: No such file or directory\n'],
    [['no-such-program-on-path'], 127, 'rapido: cannot run no-such-program-on-path: No such file or directory\n'],
    [['/etc/passwd'], 126, 'rapido: cannot run /etc/passwd: Permission denied\n'],
  ])('%j ends with status %i', async (command, status, stderr) => {
    expect(await run(command)).toEqual({ status, stdout: '', stderr })
  })

  test('cannot run in a folder that is not there', async () => {
    expect(await run('echo here', { cwd: '/nowhere' })).toEqual({
      status: 126,
      stdout: '',
      stderr: 'rapido: cannot change to /nowhere: No such file or directory\n',
    })
  })

  test('runs in its folder', async () => {
    expect((await run('pwd', { cwd: folder })).stdout).toBe(`${folder}\n`)
  })

  test('gets its words as they are: no shell reads them', async () => {
    const words = ['', ' two  blanks ', 'a\nb', "it's", '"', '$HOME `id` \\', '=', 'A=B', '-n', 'grüße ✓', '*']
    const { stdout } = await run(['perl', '-e', 'print map { "$_\\0" } @ARGV', '--', ...words])
    expect(Buffer.from(stdout, 'latin1').toString().split('\0').slice(0, -1)).toEqual(words)
  })

  test('has the environment it was given, and nothing else', async () => {
    const env = { PATH: '/usr/bin', EMPTY: '', LINES_: 'a\nb', QUOTES: `'"\\`, ASSIGNS: 'x=y=z', WORDS: 'grüße ✓' }
    const { stdout } = await run(['env', '-0'], { env })
    const seen = Buffer.from(stdout, 'latin1').toString().split('\0').slice(0, -1)
    const expected = Object.entries(env).map(([name, value]) => `${name}=${value}`)
    expect(seen.sort()).toEqual(expected.sort())
  })

  test('sees the end of its input', async () => {
    expect(await run('cat; echo end', {}, Buffer.from('a\0b'))).toMatchObject({ stdout: 'a\0bend\n' })
  })

  test('that never reads its input ends all the same, and so does what writes to it', async () => {
    const running = agent.channel.run(request('sleep 0.05; echo done'))
    const closed = new Promise((resolve) => running.stdin.once('close', resolve))
    running.stdin.write(Buffer.alloc(3 * 1024 * 1024))
    expect((await running.collect()).stdout.toString()).toBe('done\n')
    await closed
  })

  test('that closes its input early takes the rest of it away', async () => {
    const running = agent.channel.run(request('exec 0<&-; echo closed; sleep 0.1'))
    const written = new Promise((resolve) => running.stdin.write(Buffer.alloc(1024 * 1024), resolve))
    expect((await running.collect()).status).toBe(0)
    await written
  })

  test('moves 20 MB in and out unchanged', async () => {
    const data = Buffer.alloc(20_000_000)
    for (let at = 0; at < data.length; at += 4) data.writeUInt32LE((at * 2654435761) >>> 0, at)
    const running = agent.channel.run(request(['cat']))
    running.stdin.end(data)
    const { status, stdout } = await running.collect()
    expect([status, stdout.length, sha256(stdout)]).toEqual([0, data.length, sha256(data)])
  })

  test('is ended by a signal, its children too', async () => {
    const running = agent.channel.run(request('trap "" TERM; sleep 100 & echo $!; wait'))
    const [child] = (await running.stdout.iterator().next()).value.toString().split('\n')
    running.kill('KILL')
    expect(await running.exit).toBe(137)
    await until(() => !isRunning(Number(child)))
  })

  test('is reached by a signal that comes at once', async () => {
    for (let i = 0; i < 20; i++) {
      const running = agent.channel.run(request(['sleep', '5']))
      running.kill('KILL')
      expect((await running.collect()).status).toBe(137)
    }
  })

  test('is not hurt by a signal of no known name, nor is the agent', async () => {
    const running = agent.channel.run(request('cat'))
    running.kill('NONSENSE')
    running.stdin.end('still here')
    expect((await running.collect()).stdout.toString()).toBe('still here')
  })
})

test('a child in the background that keeps the output open neither holds up the end nor dies of writing on', async () => {
  const wait = `until [ -e ${folder}/go ]; do sleep 0.01; done`
  const daemon = `(trap ': >${folder}/died' PIPE; ${wait}; echo one; sleep 0.1; echo two && : >${folder}/alive) & echo started`
  expect(await run(daemon)).toEqual({ status: 0, stdout: 'started\n', stderr: '' })
  writeFileSync(join(folder, 'go'), '') // it writes only after the end was told
  await until(() => existsSync(join(folder, 'alive')))
  expect(existsSync(join(folder, 'died'))).toBe(false)
})

test('fifty commands at once keep their output apart', async () => {
  const results = await Promise.all(
    Array.from({ length: 50 }, (_, i) =>
      run(`read -r x; echo $x; echo e${i} >&2; exit ${i}`, {}, Buffer.from(`in${i}\n`)),
    ),
  )
  expect(results).toEqual(results.map((_, i) => ({ status: i, stdout: `in${i}\n`, stderr: `e${i}\n` })))
})

test('output that nobody reads waits in the guest, and keeps no other command from its own', async () => {
  await using own = await startAgent()
  const flood = own.channel.run(request(['cat', '/dev/zero']))
  await delay(50)
  const other = own.channel.run(request('echo through; echo too >&2'))
  expect((await other.collect()).stdout.toString()).toBe('through\n')
  await until(() => flood.stdout.readableLength > 0)
  await delay(50)
  const held = flood.stdout.readableLength
  expect(held).toBeLessThan(2 * 1024 * 1024)
  expect(own.memoryMiB()).toBeLessThan(40)

  let bytes = 0
  for await (const chunk of flood.stdout) {
    bytes += chunk.length
    if (bytes > 5_000_000) break // it goes on as soon as somebody reads
  }
  flood.kill('KILL')
})

test('input that the command does not read waits at the writer', async () => {
  await using own = await startAgent({ inputWindow: 8192 })
  const running = own.channel.run(request('sleep 0.2; wc -c'))
  let written = 0
  const writing = (async () => {
    for (let i = 0; i < 100; i++) {
      await new Promise((resolve) => running.stdin.write(Buffer.alloc(10_000), resolve))
      written += 10_000
    }
    running.stdin.end()
  })()
  await delay(100)
  expect(written).toBeLessThan(100_000) // a pipe holds 64 KiB, the window 8
  expect((await running.collect()).stdout.toString().trim()).toBe('1000000')
  await writing
})

describe('writeFile', () => {
  test('makes the folders and sets the mode', async () => {
    const path = join(folder, 'a/b c/new\nfile')
    await agent.channel.writeFile(path, Buffer.from([0, 255, 10]), 0o640)
    expect([...readFileSync(path)]).toEqual([0, 255, 10])
    expect(statSync(path).mode & 0o7777).toBe(0o640)
  })

  test('replaces what was there, mode and all', async () => {
    const path = join(folder, 'file')
    writeFileSync(path, 'something long', { mode: 0o644 })
    await agent.channel.writeFile(path, 'x', 0o600)
    expect([readFileSync(path, 'utf8'), statSync(path).mode & 0o7777]).toEqual(['x', 0o600])
  })

  test('writes an empty file, and a large one', async () => {
    await agent.channel.writeFile(join(folder, 'empty'), '', 0o644)
    await agent.channel.writeFile(join(folder, 'large'), Buffer.alloc(5_000_000, 'x'), 0o755)
    expect([statSync(join(folder, 'empty')).size, statSync(join(folder, 'large')).size]).toEqual([0, 5_000_000])
  })

  test('without a mode leaves the mode alone, and makes no file', async () => {
    const path = join(folder, 'file')
    await expect(agent.channel.writeFile(path, 'x')).rejects.toThrow('No such file or directory')
    expect(existsSync(path)).toBe(false)
    writeFileSync(path, '')
    chmodSync(path, 0o604)
    await agent.channel.writeFile(path, 'x')
    expect([readFileSync(path, 'utf8'), statSync(path).mode & 0o7777]).toEqual(['x', 0o604])
  })

  test.each([
    ['/proc/version', 'the guest cannot write /proc/version: '],
    ['/etc/passwd/x', 'the guest cannot write /etc/passwd/x: Not a directory'],
    ['/', 'the guest cannot write /: Is a directory'],
  ])('%s: says why not', async (path, message) => {
    await expect(agent.channel.writeFile(path, 'x', 0o644)).rejects.toMatchObject({
      code: 'guest',
      message: expect.stringContaining(message),
    })
  })

  test('says so when the file system is full', async () => {
    await expect(agent.channel.writeFile('/dev/full', 'x')).rejects.toThrow('No space left on device')
  })

  test('leaves the umask of commands alone, whether it works or not', async () => {
    await using own = await startAgent()
    const umask = async () => (await own.channel.run(request('umask')).collect()).stdout.toString()
    const before = await umask()
    await own.channel.writeFile('/nowhere/at/all', 'x').catch(() => {})
    await own.channel.writeFile(join(folder, 'x'), 'x', 0o600)
    expect(await umask()).toBe(before)
  })
})

describe('the end', () => {
  test('closing the channel ends everything that is pending with the reason', async () => {
    await using own = await startAgent()
    const why = new Error('the kernel panicked') as RapidoError
    const running = own.channel.run(request('echo half; sleep 100'))
    const output = running.collect()
    const idle = own.channel.run(request('sleep 100')) // nobody waits for this one: no unhandled rejection
    const file = own.channel.writeFile('/dev/null', 'x', 0o666)
    own.channel.close(why)
    await expect(output).rejects.toBe(why)
    await expect(file).rejects.toBe(why)
    await expect(idle.exit).rejects.toBe(why)
    expect(idle.stdin.destroyed).toBe(true)
  })

  test('what is asked of a closed channel fails the same way', async () => {
    await using own = await startAgent()
    const why = new Error('gone')
    own.channel.close(why)
    await expect(own.channel.run(request('true')).collect()).rejects.toBe(why)
    await expect(own.channel.writeFile('/x', 'x')).rejects.toBe(why)
    own.channel.leave('poweroff') // no error: it has left already
  })

  test('an agent that dies is noticed', async () => {
    await using own = await startAgent()
    const running = own.channel.run(request('sleep 1'))
    process.kill(own.pid, 'SIGKILL')
    await expect(running.exit).rejects.toThrow('the stream closed')
    expect(own.told).toContain('lost')
  })

  test.each(['poweroff', 'reboot'] as const)('asked for a %s, the agent says so, and ends', async (how) => {
    await using own = await startAgent()
    own.channel.leave(how)
    expect(await own.exited).toBe(0)
    await until(() => own.told.includes('lost'))
    expect(own.told.slice(1)).toEqual([`leaving ${how}`, 'lost'])
  })

  test.each([
    ['SIGUSR1', 'poweroff'],
    ['SIGUSR2', 'reboot'],
  ] as const)('on %s, which the guest’s own commands send, it is a %s', async (signal, how) => {
    await using own = await startAgent()
    process.kill(own.pid, signal)
    expect(await own.exited).toBe(0)
    await until(() => own.told.includes(`leaving ${how}`))
  })
})

test('an agent that serves nobody waits in silence', async () => {
  await using own = await startAgent()
  const ticks = () => Number(readFileSync(`/proc/${own.pid}/stat`, 'utf8').split(' ')[13])
  const before = ticks()
  await delay(200)
  expect(ticks() - before).toBeLessThanOrEqual(2)
})

function sha256(data: Buffer): string {
  return createHash('sha256').update(data).digest('hex')
}
