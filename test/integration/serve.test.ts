import { connect, createServer } from 'node:net'
import { PassThrough, Readable, Writable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { encodeFrame } from '../../src/machine/frames.js'
import { processesOf } from '../helpers/processes.js'
import { type ServedVm, startServedVm } from '../helpers/served-vm.js'
import { until } from '../helpers/until.js'

// src/runs/serve.ts and src/runs/remote.ts, the two ends of one socket.

let vm: ServedVm

beforeEach(async () => {
  vm = await startServedVm()
})

afterEach(() => vm[Symbol.asyncDispose]())

/** A stream that keeps what is written to it. */
function sink() {
  const chunks: Buffer[] = []
  const stream = new Writable({
    write(chunk, _, done) {
      chunks.push(chunk)
      done()
    },
  })
  return Object.assign(stream, { text: () => Buffer.concat(chunks).toString('latin1') })
}

async function exec(script: string, options: { stdin?: Readable; env?: Record<string, string>; cwd?: string } = {}) {
  const { stdin, ...command } = options
  const [stdout, stderr] = [sink(), sink()]
  const status = await vm.remote.exec({ argv: ['bash', '-c', script], ...command }, { stdin, stdout, stderr })
  return { status, stdout: stdout.text(), stderr: stderr.text() }
}

describe('output', () => {
  test('is what a command prints', async () => {
    expect(await vm.remote.output(['bash', '-c', 'echo out; echo err >&2; exit 3'], { timeoutMs: 5000 })).toBe('out\n')
  })

  test('of a command that does not end in time is an error, and the command is ended', async () => {
    const before = sleepers()
    const late = vm.remote.output(['sleep', '1000'], { timeoutMs: 500 })
    await expect(late).rejects.toMatchObject({ code: 'timeout', message: 'vm1: no answer to sleep 1000' })
    await until(() => sleepers() <= before)
  })
})

/** How many commands `sleep 1000` of the VM run on this host, where its agent is. */
function sleepers(): number {
  return processesOf('OF=vm').filter(({ commandLine }) => commandLine === 'sleep 1000').length
}

describe('exec', () => {
  test('returns the status, with the two streams apart', async () => {
    expect(await exec('echo out; echo err >&2; exit 7')).toEqual({ status: 7, stdout: 'out\n', stderr: 'err\n' })
  })

  test("adds to the VM's environment, and runs in the folder asked for", async () => {
    const { stdout } = await exec('echo $OF $KEPT $NEW; pwd', { env: { OF: 'command', NEW: 'x' }, cwd: '/usr' })
    expect(stdout).toBe('command yes x\n/usr\n')
  })

  test("runs in the folder of the VM's profile, if none is asked for", async () => {
    expect((await exec('pwd')).stdout).toBe('/var\n')
  })

  test('without input has none to wait for', async () => {
    expect(await exec('cat; echo end')).toMatchObject({ stdout: 'end\n' })
  })

  test('passes input on to its end, byte for byte', async () => {
    const stdin = Readable.from([Buffer.from('a\0\xff', 'latin1'), Buffer.alloc(3_000_000, 'x'), Buffer.from('end')])
    const { stdout } = await exec('cat', { stdin })
    expect([stdout.length, stdout.slice(0, 3), stdout.slice(-3)]).toEqual([3_000_006, 'a\0\xff', 'end'])
  })

  test('that reads no more of its input ends all the same', async () => {
    const stdin = new PassThrough()
    stdin.write('first\n')
    expect(await exec('read -r x; echo $x', { stdin })).toMatchObject({ status: 0, stdout: 'first\n' })
    await until(() => stdin.destroyed)
  })

  test('passes an interrupt on', async () => {
    const interrupts = new AbortController()
    const stdout = sink()
    const argv = ['bash', '-c', 'trap "echo got it; exit 9" INT; echo go; while :; do sleep 0.01; done']
    const running = vm.remote.exec({ argv, cwd: '/' }, { stdout, stderr: sink(), signals: interrupts.signal })
    await until(() => stdout.text() === 'go\n')
    interrupts.abort()
    expect(await running).toBe(9)
    expect(stdout.text()).toBe('go\ngot it\n')
  })

  describe('of a command that does not want its input', () => {
    const argv = ['bash', '-c', 'trap "exit 9" INT; echo go; while :; do sleep 0.01; done']
    const much = () => Readable.from(Array.from({ length: 100 }, () => Buffer.alloc(100_000, 'x')))

    test('passes an interrupt on', async () => {
      const interrupts = new AbortController()
      const stdout = sink()
      const streams = { stdin: much(), stdout, stderr: sink(), signals: interrupts.signal }
      const running = vm.remote.exec({ argv, cwd: '/' }, streams)
      await until(() => stdout.text() === 'go\n')
      await delay(200) // its input is full by now
      interrupts.abort()
      expect(await running).toBe(9)
    })

    test('is hung up with its client', async () => {
      const before = sleepers()
      const client = connect(vm.socket)
      const request = { verb: 'exec', argv: ['sleep', '1000'], cwd: '/', env: {} }
      client.write(encodeFrame('J', 0, JSON.stringify(request)))
      await until(() => sleepers() > before)
      for (let sent = 0; sent < 20; sent++) client.write(encodeFrame('I', 0, 'x'.repeat(100_000)))
      await delay(200) // its input is full by now
      client.destroy()
      await until(() => sleepers() <= before)
    })
  })

  test('output that nobody reads is held back in the guest', async () => {
    const taken: Buffer[] = []
    const slow = new Writable({
      highWaterMark: 1,
      write: (chunk) => void taken.push(chunk), // and never says that it is done
    })
    void vm.remote.exec({ argv: ['cat', '/dev/zero'], cwd: '/' }, { stdout: slow, stderr: sink() }).catch(() => {})
    await until(() => taken.length > 0)
    expect(await exec('echo through')).toMatchObject({ stdout: 'through\n' })
    expect(vm.agent.memoryMiB()).toBeLessThan(40)
  })

  test('of a client that leaves is hung up', async () => {
    const client = connect(vm.socket)
    const request = JSON.stringify({ verb: 'exec', argv: ['bash', '-c', 'echo $$; exec sleep 100'], cwd: '/', env: {} })
    const header = Buffer.alloc(9)
    header.write('J')
    header.writeUInt32BE(request.length, 5)
    client.write(Buffer.concat([header, Buffer.from(request)]))
    const pid = await new Promise<number>((resolve) =>
      client.once('data', (chunk: Buffer) => resolve(Number(chunk.subarray(9)))),
    )
    process.kill(pid, 0)
    client.destroy()
    await until(() => {
      try {
        return !process.kill(pid, 0)
      } catch {
        return true
      }
    })
  })

  test('in a VM that ends is an error', async () => {
    const running = exec('sleep 100')
    await delay(50)
    await vm.end()
    await expect(running).rejects.toThrow(/the guest powered off|vm1 went away/)
  })
})

describe('console', () => {
  test('begins with what was said last, then goes both ways', async () => {
    vm.say('before\r\n')
    let heard = ''
    const console = await vm.remote.console({
      size: { rows: 30, columns: 90 },
      onOutput: (chunk) => {
        heard += chunk
      },
    })
    await until(() => heard === 'before\r\n' && vm.resized.length === 1)
    vm.say('now\r\n')
    console.write(Buffer.from('ls\r\x03'))
    console.resize({ rows: 50, columns: 132 })
    await until(() => heard === 'before\r\nnow\r\n' && vm.typed() === 'ls\r\x03' && vm.resized.length === 2)
    expect(vm.resized).toEqual([
      { rows: 30, columns: 90 },
      { rows: 50, columns: 132 },
    ])
    console.detach()
    await console.ended
  })

  test('has many readers; one that leaves takes nothing from the others', async () => {
    const heard = [[], []] as string[][]
    const all = () => heard.map((chunks) => chunks.join('')).join('|')
    const size = { rows: 24, columns: 80 }
    const consoles = await Promise.all(
      [0, 1].map((at) => vm.remote.console({ size, onOutput: (chunk) => void heard[at]?.push(`${chunk}`) })),
    )
    await until(() => vm.resized.length === 2)
    vm.say('a')
    await until(() => all() === 'a|a')
    consoles[0]?.detach()
    await consoles[0]?.ended
    await delay(20)
    vm.say('b')
    await until(() => all() === 'a|ab')
  })

  test('ends with the VM', async () => {
    const console = await vm.remote.console({ size: { rows: 24, columns: 80 }, onOutput: () => {} })
    await vm.end()
    await console.ended
  })
})

describe('monitor', () => {
  test("returns the monitor's text", async () => {
    expect(await vm.remote.monitor('info status')).toBe('answer to info status\r\n')
    expect(vm.asked).toEqual(['info status'])
  })

  test('says why there is no answer', async () => {
    await expect(vm.remote.monitor('fail')).rejects.toMatchObject({
      code: 'host',
      message: expect.stringContaining('QEMU is gone'),
    })
  })
})

test('stop is answered when the VM is gone, whoever else is connected', async () => {
  const console = await vm.remote.console({ size: { rows: 24, columns: 80 }, onOutput: () => {} })
  await vm.remote.stop()
  expect(vm.stops).toBe(1)
  await console.ended
})

test.each([
  ['no frames', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
  ['a frame that is no request', Buffer.from('J\0\0\0\0\0\0\0\x02{{', 'latin1')],
  ['a request for nothing known', Buffer.from('J\0\0\0\0\0\0\0\x02{}J\0\0\0\0\0\0\0\x01{', 'latin1')],
])('a client that sends %s is dropped, and the VM goes on', async (_, junk) => {
  const client = connect(vm.socket)
  client.write(junk)
  client.resume()
  await new Promise((resolve) => client.once('close', resolve))
  expect(await exec('echo well')).toMatchObject({ stdout: 'well\n' })
})

test('a rapido that is killed while it serves is a VM that went away', async () => {
  await vm.end()
  const server = createServer({ pauseOnConnect: true }, (socket) => setTimeout(() => socket.destroy(), 20))
  await new Promise<void>((resolve) => server.listen(vm.socket, resolve))
  await expect(exec('true')).rejects.toMatchObject({ code: 'guest', message: 'vm1 went away' })
  server.close()
})

test('a VM that does not answer is an error that says where', async () => {
  await vm.end()
  await expect(vm.remote.monitor('info status')).rejects.toMatchObject({
    code: 'host',
    message: `vm1 does not answer at ${vm.socket}`,
  })
})
