import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { copyFromGuest, copyToGuest } from '../../src/runs/copy.js'
import { isRunning } from '../helpers/processes.js'
import { type ServedVm, startServedVm } from '../helpers/served-vm.js'
import { until } from '../helpers/until.js'

/** What this process has started and that still runs. */
function childNames(): string[] {
  const pids = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim().split(' ').filter(Boolean)
  return pids.filter((pid) => isRunning(Number(pid))).map((pid) => readFileSync(`/proc/${pid}/comm`, 'utf8').trim())
}

// The "guest" is this host: its agent runs here.

let vm: ServedVm
let cwd: string

beforeEach(async () => {
  vm = await startServedVm()
  cwd = mkdtempSync(join(tmpdir(), 'rapido-copy-'))
  mkdirSync(join(cwd, 'guest'))
  mkdirSync(join(cwd, 'tree/sub dir'), { recursive: true })
  writeFileSync(join(cwd, 'tree/sub dir/program'), 'run')
  chmodSync(join(cwd, 'tree/sub dir/program'), 0o750)
  symlinkSync('sub dir/program', join(cwd, 'tree/link'))
  writeFileSync(join(cwd, '-odd \n"name'), 'odd')
  writeFileSync(join(cwd, 'large'), Buffer.alloc(3_000_000, 'x'))
})

afterEach(async () => {
  await vm[Symbol.asyncDispose]()
  rmSync(cwd, { recursive: true })
})

const directions = [
  ['to the guest', copyToGuest, () => cwd, (path: string) => join(cwd, 'guest', path)],
  ['from the guest', copyFromGuest, () => cwd, (path: string) => join(cwd, 'guest', path)],
] as const

describe.each(directions)('%s', (_, copy, source, target) => {
  const copied = async (from: string, to: string) =>
    copy(vm.remote, { from: join(source(), from), to: target(to), cwd })

  test('a file gets the new name', async () => {
    await copied('large', 'renamed')
    expect(statSync(target('renamed')).size).toBe(3_000_000)
  })

  test('an existing folder takes it in under its own name', async () => {
    mkdirSync(target('into'))
    await copied('-odd \n"name', 'into')
    expect(readFileSync(target('into/-odd \n"name'), 'utf8')).toBe('odd')
  })

  test('folders, modes and links come through', async () => {
    await copied('tree', 'new/tree2')
    expect(statSync(target('new/tree2/sub dir/program')).mode & 0o7777).toBe(0o750)
    expect(readlinkSync(target('new/tree2/link'))).toBe('sub dir/program')
    expect(readdirSync(target('new'))).toEqual(['tree2']) // no temporary beside it
  })

  test('what is not there is said, and nothing is made', async () => {
    await expect(copied('nothing', 'x')).rejects.toThrow(/nothing/)
    expect(readdirSync(target('.'))).toEqual([])
  })

  test('into a folder that is not there, it fails, however much there is to copy', async () => {
    await expect(copied('large', 'no-folder/')).rejects.toMatchObject({
      code: 'guest',
      message: expect.stringContaining(`no such folder: ${target('no-folder/')}`),
    })
  })

  test('with a VM that is gone, it fails, and leaves no process that waits', async () => {
    await vm.end()
    await expect(copied('large', 'x')).rejects.toMatchObject({ code: 'host' })
    await until(() => childNames().every((name) => name !== 'tar' && name !== 'bash'))
  })
})
