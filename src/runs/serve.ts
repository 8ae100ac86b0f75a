import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import type { Readable } from 'node:stream'
import type { FaultVerb } from '../config/fault-verbs.js'
import { RapidoError } from '../errors.js'
import type { WindowSize } from '../host/pty-process.js'
import { writeAll } from '../host/write-all.js'
import { encodeFrame, FrameReader } from '../machine/frames.js'
import type { Machine } from '../machine/machine.js'
import type { Vm } from './vm.js'

/** What another rapido may ask of the one that supervises a VM: the first frame, type J. One connection, one request. */
export type Request =
  | { verb: 'exec'; argv: string[]; cwd?: string; env: Record<string, string> } // then I C K one way, A O E X the other
  | { verb: 'console' } // then I S one way, O the other, until either end closes
  | { verb: 'monitor'; commandLine: string } // answered by O, X
  | { verb: 'fault'; fault: string; options: Record<string, unknown> } // answered by X once it is done
  | { verb: 'fault-targets' } // answered by O (JSON), X
  | { verb: 'stop' } // answered by X when the VM is gone

/** What serve needs of a VM: it serves from the moment QEMU runs, so that a guest that hangs in its boot can be seen. */
export interface Served {
  machine: Machine
  env: Record<string, string> // of commands
  cwd: string // of those that do not say where
  stop(): Promise<unknown>
  vm(): Vm | undefined // once its guest is ready
}

/** Serves a VM at a Unix socket; the folder it is in keeps other users out. Returns what ends that. */
export async function serveVm(path: string, vm: Served): Promise<() => void> {
  const connections = new Set<Socket>() // those that end with the VM; who asked it to stop is answered after that
  const server = createServer((socket) => {
    connections.add(socket)
    socket.on('error', () => {}) // a client that goes away ends its own request only
    socket.on('close', () => connections.delete(socket))
    const reader = new FrameReader()
    let conversation: Conversation | undefined
    const take = (type: string, payload: Buffer) => {
      if (conversation) return conversation.take(type, payload)
      const request = JSON.parse(payload.toString()) as Request
      const endsIt = request.verb === 'stop' || (request.verb === 'fault' && request.fault === 'power-cut')
      if (endsIt) connections.delete(socket)
      conversation = begin(request, vm, socket)
    }
    socket.on('data', (chunk: Buffer) => {
      try {
        for (const { type, payload } of reader.push(chunk)) take(type, payload)
      } catch {
        socket.destroy() // no rapido talks like that; the VM is not to suffer from it
      }
    })
    socket.on('close', () => conversation?.gone())
  })
  server.listen(path)
  await once(server, 'listening')
  return () => {
    server.close()
    for (const socket of connections) socket.end()
  }
}

/** The rest of a connection, after the request. */
interface Conversation {
  take(type: string, payload: Buffer): void
  gone(): void // the client left
}

function begin(request: Request, vm: Served, socket: Socket): Conversation {
  switch (request.verb) {
    case 'exec':
      return exec(request, vm, socket)
    case 'console':
      return console(vm, socket)
    case 'monitor':
      void answer(socket, () => vm.machine.qmp.monitor(request.commandLine))
      return nothingMore
    case 'fault':
      void answer(socket, async () => {
        const ready = vm.vm()
        if (ready === undefined) throw new RapidoError('usage', 'the guest is not ready yet: wait until it has booted')
        await ready.fault(request.fault as FaultVerb, request.options as never)
        return ''
      })
      return nothingMore
    case 'fault-targets':
      void answer(socket, async () => JSON.stringify(await vm.machine.faults.targets()))
      return nothingMore
    case 'stop':
      void answer(socket, async () => {
        await vm.stop()
        return ''
      })
      return nothingMore
  }
}

const nothingMore: Conversation = { take: () => {}, gone: () => {} }

function exec(request: Extract<Request, { verb: 'exec' }>, vm: Served, socket: Socket): Conversation {
  const { argv, cwd = vm.cwd, env } = request
  const command = vm.machine.channel.run({ argv, cwd, env: { ...vm.env, ...env } })
  let ended = false
  void answer(socket, async () => {
    const streams = [send(command.stdout, 'O', socket), send(command.stderr, 'E', socket)]
    const [status] = await Promise.all([command.exit, ...streams])
    ended = true
    return status
  })
  return {
    take(type, payload) {
      // The client sends no more than it is told was taken: what it has to say besides is never behind input that nobody wants.
      if (type === 'I') command.stdin.write(payload, () => socket.write(encodeFrame('A', 0, String(payload.length))))
      if (type === 'C') command.stdin.end()
      if (type === 'K') command.kill(payload.toString())
    },
    gone() {
      if (!ended) command.kill('HUP') // as a terminal that closes
      command.stdout.resume()
      command.stderr.resume()
    },
  }
}

async function send(stream: Readable, type: string, socket: Socket): Promise<void> {
  for await (const chunk of stream) await writeAll(socket, encodeFrame(type, 0, chunk))
}

/** Of the console, for one who reads slower than the guest talks: what is more is in its log. */
const keptForReader = 4 * 1024 * 1024

function console(vm: Served, socket: Socket): Conversation {
  const { machine } = vm
  socket.write(encodeFrame('O', 0, machine.console.recent()))
  const stop = machine.console.listen((chunk) => {
    if (socket.writableLength < keptForReader) socket.write(encodeFrame('O', 0, chunk))
  })
  void machine.ended.then(() => socket.end())
  return {
    take(type, payload) {
      if (type === 'I') machine.console.write(payload)
      if (type === 'S') {
        const size = JSON.parse(payload.toString()) as WindowSize
        machine.console.resize(size)
        machine.channel.setWindowSize(size)
      }
    },
    gone: stop,
  }
}

/** Ends a conversation: with text and status 0, with a status, or with the error. */
async function answer(socket: Socket, work: () => Promise<string | number>): Promise<void> {
  try {
    const result = await work()
    if (typeof result === 'string') socket.write(encodeFrame('O', 0, result))
    socket.end(encodeFrame('X', 0, typeof result === 'number' ? String(result) : '0'))
  } catch (error) {
    const { code, message, hint } = error instanceof RapidoError ? error : new RapidoError('host', String(error))
    socket.end(encodeFrame('!', 0, JSON.stringify({ code, message, hint })))
  }
}
