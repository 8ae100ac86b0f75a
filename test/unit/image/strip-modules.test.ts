import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { HeldFolder } from '../../../src/host/hold.js'
import { stripModules } from '../../../src/image/strip-modules.js'

let folder: string
const at = (name: string) => join(folder, name)
const path = process.env.PATH
const held = { watch: () => {}, unwatch: () => {} } as unknown as HeldFolder

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rapido-strip-'))
  mkdirSync(at('root/lib/modules/6.1/kernel'), { recursive: true })
  mkdirSync(at('bin'))
  writeFileSync(at('bin/eu-strip'), `#!/bin/sh\nprintf '%s\\n' "$@" >>${at('said')}\n`)
  chmodSync(at('bin/eu-strip'), 0o755)
  process.env.PATH = `${at('bin')}:${path}`
})
afterEach(() => {
  process.env.PATH = path
  rmSync(folder, { recursive: true })
})

const module = (name: string, content: string) => writeFileSync(at(`root/lib/modules/6.1/kernel/${name}`), content)

test('modules are stripped of debug information, but for signed and compressed ones', async () => {
  module('plain.ko', 'a module')
  module('empty.ko', '')
  module('signed.ko', 'a module~Module signature appended~\n')
  module('small.ko.xz', 'a module')
  await stripModules(at('root'), { profile: 'demo', held })
  const said = readFileSync(at('said'), 'utf8').trim().split('\n')
  expect(said.slice(0, 2)).toEqual(['-g', '-p'])
  expect(said.slice(2).sort()).toEqual(
    ['empty.ko', 'plain.ko'].map((name) => at(`root/lib/modules/6.1/kernel/${name}`)),
  )
})

test('where all are signed nothing is started', async () => {
  module('signed.ko', '~Module signature appended~\n')
  await stripModules(at('root'), { profile: 'demo', held })
  expect(() => readFileSync(at('said'))).toThrow('ENOENT')
})
