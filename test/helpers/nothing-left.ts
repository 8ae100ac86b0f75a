import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'vitest'
import { processesOf } from './processes.js'
import type { Sandbox } from './sandbox.js'

/** Nothing of any rapido of this sandbox is left: now, or `withinMs` from now. */
export async function expectNothingLeft(box: Sandbox, { withinMs = 0 } = {}): Promise<void> {
  const deadline = performance.now() + withinMs
  while (leftOf(box).length > 0 && performance.now() < deadline) await delay(50)
  expect(leftOf(box)).toEqual([])
}

function leftOf(box: Sandbox): string[] {
  const vms = names(join(box.state, 'vms')).map((name) => `folder of VM ${name}`)
  const processes = processesOf(box.folder).map(({ pid, commandLine }) => `process ${pid}: ${commandLine}`)
  const sockets = readFileSync('/proc/net/unix', 'utf8')
    .split('\n')
    .filter((line) => line.includes(box.folder))
  const temporary = names(box.temporary).map((name) => `temporary file ${name}`)
  // Of a cache that others use too, nothing can be said.
  const cache = box.cache.startsWith(box.folder) ? names(box.cache, { recursive: true }) : []
  const halfWritten = [...names(box.state, { recursive: true }), ...cache]
    .filter((name) => /\.\d+\.[0-9a-f]{8}$/.test(name)) // src/host/write.ts
    .map((name) => `half-written ${name}`)
  const builds = cache.filter((name) => name.startsWith('build-'))
  return [...vms, ...processes, ...sockets, ...temporary, ...halfWritten, ...builds]
}

/** What is in a folder, now: somebody may remove it meanwhile, and then it is looked at again. */
function names(folder: string, { recursive = false } = {}): string[] {
  for (;;) {
    try {
      return existsSync(folder) ? readdirSync(folder, { encoding: 'utf8', recursive }) : []
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
}
