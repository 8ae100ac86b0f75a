import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { writeCpio } from '../../src/image/cpio-write.js'
import { compile } from '../helpers/compiled.js'

let root: string
const at = (name: string) => join(root, name)

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'rapido-trees-'))
  writeFileSync(
    at('image'),
    writeCpio([{ kind: 'file', path: '/init', mode: 0o755, data: Buffer.from('#!/bin/sh\n') }]),
  )
  mkdirSync(at('tree/sub'), { recursive: true })
})
afterEach(() => rmSync(root, { recursive: true }))

test.each([
  ['a file', 'tree/secret', 'tree/secret'],
  ['a folder', 'tree/sub/secret', 'tree/sub'],
])('%s that an ordinary user may not read is told with its path', (_, name, unreadable) => {
  writeFileSync(at(name), 'x')
  chmodSync(at(unreadable), 0)
  chmodSync(root, 0o777)
  mkdirSync(at('cache'), { mode: 0o777 })
  chmodSync(at('cache'), 0o777)
  expect(joinedAsOrdinaryUser()).toContain(`host cannot read ${at(unreadable)}: EACCES`)
  chmodSync(at(unreadable), 0o755) // to be removed
})

/** What joinTrees says to somebody who is not root, in a process of its own. */
function joinedAsOrdinaryUser(): string {
  mkdirSync(at('code'))
  compile(at('code'), [
    'src/errors.ts',
    ...['hold.ts', 'hold.sh', 'package-root.ts', 'make-folder.ts'].map((name) => `src/host/${name}`),
    ...['trees', 'cache-files', 'cpio-write', 'inputs', 'elf', 'file-bytes'].map((name) => `src/image/${name}.ts`),
  ])
  const program = `import { joinTrees } from '${at('code/src/image/trees.js')}'
    const plan = { key: 'k'.repeat(64), trees: [{ from: '${at('tree')}', to: '/opt/x', leaveOut: [] }] }
    const joined = joinTrees('${at('image')}', plan, { cacheDir: '${at('cache')}' })
    await joined.then(console.log, ({ code, message }) => console.log(code, message))`
  const user = process.geteuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    ...user,
    cwd: '/',
    encoding: 'utf8',
  })
  return stdout + stderr
}
