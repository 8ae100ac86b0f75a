import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { VmInfo } from '../../dist/runs/vm-info.js'
import type { Sandbox } from './sandbox.js'

/** A secret stands in no file that rapido keeps, nor on a command line or in the environment of a VM's processes. */
export function expectNowhere(secret: string, { box, vm }: { box: Sandbox; vm: VmInfo }): void {
  const folders = [box.state, join(box.cache, 'images'), join(box.cache, 'manifests')]
  const cluster = join(box.state, 'ceph') // has its own keys
  for (const file of folders.flatMap(files).filter((path) => !path.startsWith(cluster))) {
    expect(readFileSync(file).includes(secret), file).toBe(false)
  }
  for (const pid of [vm.pid, vm.qemuPid]) {
    for (const kind of ['cmdline', 'environ']) {
      expect(readFileSync(`/proc/${pid}/${kind}`, 'utf8')).not.toContain(secret)
    }
  }
}

function files(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
}
