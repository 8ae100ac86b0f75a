import type { Readable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'
import type { BootScriptOutput } from '../image/snapshots.js'
import { dynamicDebugControl, dynamicDebugQueries } from '../plan/dynamic-debug.js'
import { guestRun } from '../plan/guest-env.js'
import type { StepResult } from '../report/result.js'
import { type Emit, emitMark } from './events.js'
import { type CephUse, whyCephFails } from './use-ceph.js'
import type { Command, Vm } from './vm.js'

const keptBytes = 64 * 1024 // of each stream, for the reports

/** Runs the profile's boot.sh in the guest, with the helpers at hand. Its status is in the step. */
export async function runBootScript(
  vm: Vm,
  options: { emit: Emit; steps: StepResult[]; role?: string | undefined },
): Promise<StepResult> {
  options.emit({ type: 'phase', phase: 'boot.sh' })
  const before = vm.takeBootScriptOutput()
  if (before !== undefined) return stepBefore(before, options)
  const source = `. ${guestRun.helpers}; . ${guestRun.bootScript}`
  await askForDebugMessages(vm, options.emit)
  const step = await runStep(vm, { ...options, name: 'boot.sh', command: ['bash', '-c', source, 'boot.sh'] })
  if (step.status !== 0 && vm.ceph) await explainCeph(vm, vm.ceph, { step, emit: options.emit })
  await askForDebugMessages(vm, options.emit) // again: the kernel knows the files of a module once it is loaded
  emitMark(options.emit, 'boot.sh')
  return step
}

/** It has run in the snapshot that the VM comes from: what it wrote then is told now. */
function stepBefore(
  { stdout, stderr }: BootScriptOutput,
  { emit, steps, role }: { emit: Emit; steps: StepResult[]; role?: string | undefined },
): StepResult {
  const step: StepResult = { name: stepName('boot.sh', role), status: 0, durationMs: 0, stdout, stderr }
  steps.push(step)
  for (const [stream, text] of [['stdout', stdout] as const, ['stderr', stderr] as const]) {
    if (text !== '') emit({ type: 'output', step: step.name, stream, chunk: Buffer.from(text) })
  }
  emitMark(emit, 'boot.sh')
  return step
}

const stepName = (name: string, role: string | undefined) => (role === undefined ? name : `${role}: ${name}`)

async function explainCeph(vm: Vm, use: CephUse, { step, emit }: { step: StepResult; emit: Emit }): Promise<void> {
  const why = await whyCephFails(use, vm.plan, vm.machine.console.lastLines(50))
  const text = why.map((line) => `  ${line}\n`).join('')
  emit({ type: 'output', step: step.name, stream: 'stderr', chunk: Buffer.from(text) })
  step.stderr += text
}

async function askForDebugMessages(vm: Vm, emit: Emit): Promise<void> {
  const queries = dynamicDebugQueries(vm.plan.settings.debug)
  if (queries.length === 0) return
  try {
    for (const query of queries) await vm.machine.channel.writeFile(dynamicDebugControl, query)
  } catch (error) {
    emit({
      type: 'note',
      text: `debug.dyndbg_files: ${(error as Error).message}; has this kernel CONFIG_DYNAMIC_DEBUG?`,
    })
  }
}

/**
 * Runs one command, or a script that is sent first, and records it in `steps`: at once, with no status, so that a
 * guest that dies in it leaves it there unfinished.
 */
export async function runStep(
  vm: Vm,
  options: {
    name: string
    command: Command
    script?: Buffer
    emit: Emit
    steps: StepResult[]
    role?: string | undefined // of the machine, in a group
  },
): Promise<StepResult> {
  const { emit, steps, role } = options
  const name = stepName(options.name, role)
  const step: StepResult = { name, status: undefined, durationMs: 0, stdout: '', stderr: '' }
  // As with `set -e`: the rest would mislead. One without a status runs now, on another machine.
  if (steps.some(({ status }) => status !== undefined && status !== 0)) return step
  steps.push(step)
  const startedAt = performance.now()
  const decoders = { stdout: new StringDecoder(), stderr: new StringDecoder() } // a chunk may cut a character
  try {
    if (options.script) await vm.writeFile(guestRun.script, options.script, 0o755)
    const running = vm.start(options.command)
    running.stdin.end()
    const streams = Promise.all([
      follow(running.stdout, (chunk) => take('stdout', chunk)),
      follow(running.stderr, (chunk) => take('stderr', chunk)),
    ])
    step.status = await running.exit
    await streams
  } finally {
    step.durationMs = performance.now() - startedAt
  }
  return step

  function take(stream: 'stdout' | 'stderr', chunk: Buffer): void {
    emit({ type: 'output', step: name, stream, chunk })
    step[stream] = (step[stream] + decoders[stream].write(chunk)).slice(-keptBytes)
  }
}

async function follow(stream: Readable, take: (chunk: Buffer) => void): Promise<void> {
  for await (const chunk of stream) take(chunk)
}
