import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { dir } from 'tmp-promise'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { findKselftests } from '../../../src/host/kselftest-dir.js'

let root: string
let cleanup: () => Promise<void>

beforeEach(async () => {
  ;({ path: root, cleanup } = await dir({ unsafeCleanup: true }))
})
afterEach(() => cleanup())

function write(path: string, text = ''): string {
  const file = join(root, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
  return dirname(file)
}

function install(folder: string): string {
  write(`${folder}/run_kselftest.sh`)
  return write(`${folder}/kselftest-list.txt`, 'net:tls\n')
}

test('the setting names the folder, whatever the kernel tree has', () => {
  install('linux/kselftest_install')
  const own = install('own')
  expect(findKselftests({ dir: own, src: join(root, 'linux') })).toEqual({
    root: own,
    list: 'net:tls\n',
    listPath: join(own, 'kselftest-list.txt'),
  })
})

test('without it, those that are installed in the kernel tree are found', () => {
  const inner = install('linux/tools/testing/selftests/kselftest_install')
  expect(findKselftests({ dir: undefined, src: join(root, 'linux') }).root).toBe(inner)
  const outer = install('linux/kselftest_install')
  expect(findKselftests({ dir: undefined, src: join(root, 'linux') }).root).toBe(outer)
})

test('what is wrong is told, with the command that installs them', () => {
  const find = (dir: string | undefined, src: string | undefined) => () => findKselftests({ dir, src })
  const hint = expect.stringContaining('make headers && make -C tools/testing/selftests')
  expect(find(undefined, undefined)).toThrow(
    expect.objectContaining({ code: 'usage', message: expect.stringContaining('neither kselftest.dir nor'), hint }),
  )
  const linux = write('linux/Makefile')
  expect(find(undefined, linux)).toThrow(
    expect.objectContaining({ code: 'host', message: expect.stringContaining(`installed in ${linux}`), hint }),
  )
  expect(find('/nowhere', linux)).toThrow(
    expect.objectContaining({ code: 'usage', message: 'kselftest.dir: there is no folder /nowhere' }),
  )
  expect(find(linux, undefined)).toThrow(
    expect.objectContaining({ message: expect.stringContaining('no installed selftests') }),
  )
})
