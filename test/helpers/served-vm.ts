import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { PtyProcess } from '../../src/host/pty-process.js'
import { Console } from '../../src/machine/console.js'
import type { MachineEnd } from '../../src/machine/end.js'
import type { Machine } from '../../src/machine/machine.js'
import { vmFiles } from '../../src/plan/state-files.js'
import { RemoteVm } from '../../src/runs/remote.js'
import { serveVm } from '../../src/runs/serve.js'
import { type RealAgent, startAgent } from './real-agent.js'
import { recordVm } from './vm-records.js'

/** A VM that is served at its socket, with the guest's agent on this host in place of QEMU. */
export interface ServedVm extends AsyncDisposable {
  remote: RemoteVm
  agent: RealAgent
  socket: string // path
  typed: () => string // on the console
  resized: unknown[]
  asked: string[] // of the monitor
  stops: number
  say(text: string): void // on the console
  end(): Promise<void> // as when QEMU ends
}

export async function startServedVm(): Promise<ServedVm> {
  const state = mkdtempSync(join(tmpdir(), 'rapido-served-'))
  const info = recordVm(state, { number: 1 })
  const socket = vmFiles(state, 1).serveSocket
  const agent = await startAgent()
  const said: ((chunk: Buffer) => void)[] = []
  const typed: Buffer[] = []
  const vm = { resized: [] as unknown[], asked: [] as string[], stops: 0 }
  const pty: PtyProcess = {
    pid: 0,
    ended: new Promise(() => {}),
    onData: (listener) => void said.push(listener),
    write: (data) => void typed.push(data),
    resize: (size) => void vm.resized.push(size),
    drain: () => {},
    pause: () => {},
    resume: () => {},
    kill: () => {},
  }
  let ended = (_: MachineEnd) => {}
  const console = new Console(pty, join(state, 'console.log'))
  const machine = {
    console,
    channel: agent.channel,
    ended: new Promise<MachineEnd>((resolve) => {
      ended = resolve
    }),
    qmp: {
      async monitor(commandLine: string) {
        vm.asked.push(commandLine)
        if (commandLine === 'fail') throw new Error('QEMU is gone')
        return `answer to ${commandLine}\r\n`
      },
    },
  } as unknown as Machine // the part of it that serve.ts uses
  const stopServing = await serveVm(socket, {
    machine,
    env: { PATH: '/usr/bin:/bin', OF: 'vm', KEPT: 'yes' },
    cwd: '/var',
    vm: () => undefined,
    stop: async () => {
      vm.stops++
      await end()
    },
  })

  async function end(): Promise<void> {
    ended({ kind: 'powered-off' })
    agent.channel.close(new Error('the guest powered off'))
    stopServing()
  }

  return Object.assign(vm, {
    remote: new RemoteVm(state, info),
    agent,
    socket,
    typed: () => Buffer.concat(typed).toString('latin1'),
    say: (text: string) => {
      for (const listener of said) listener(Buffer.from(text))
    },
    end,
    async [Symbol.asyncDispose]() {
      await end()
      await console.close()
      await agent[Symbol.asyncDispose]()
      rmSync(state, { recursive: true })
    },
  })
}
