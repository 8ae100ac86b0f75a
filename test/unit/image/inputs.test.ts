import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { compareInputs, type Input, takeInput } from '../../../src/image/inputs.js'

let folder: string
let file: string
let link: string
let names: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rapido-inputs-'))
  file = join(folder, 'tool')
  link = join(folder, 'libtool.so')
  names = join(folder, 'tests')
  writeFileSync(file, 'one', { mode: 0o755 })
  symlinkSync('tool', link)
  mkdirSync(names)
  writeFileSync(join(names, '001'), '')
})

afterEach(() => rmSync(folder, { recursive: true }))

describe('nothing has changed', () => {
  test('when nobody touched anything', () => {
    const before = taken()
    expect(compareInputs(before)).toEqual({ inputs: before, restamped: false })
  })

  test.each<[string, () => unknown]>([
    ['a file got new times', () => utimesSync(file, new Date(), new Date())],
    ['a file was written anew with the same content', () => writeFileSync(file, 'one')],
    ['a file was replaced by an equal one', () => replace(file, 'one', 0o755)],
    ['a name came and went', () => [writeFileSync(join(names, 'x'), ''), unlinkSync(join(names, 'x'))]],
  ])('when %s: it only gets a new stamp', (_, act) => {
    const before = taken()
    act()
    const result = compareInputs(before)
    expect(result).toMatchObject({ restamped: true })
    if ('inputs' in result) expect(compareInputs(result.inputs)).toMatchObject({ restamped: false })
  })
})

describe('a change is found, and named', () => {
  test.each<[string, () => unknown, () => string]>([
    ['another content of the same length', () => writeFileSync(file, 'two'), () => file],
    ['the same times over another content', () => [writeFileSync(file, 'two'), utimesSync(file, 1, 1)], () => file],
    ['other permissions', () => chmodSync(file, 0o644), () => file],
    ['a link to something else', () => [unlinkSync(link), symlinkSync('other', link)], () => link],
    ['a file in place of a link', () => [unlinkSync(link), writeFileSync(link, 'one')], () => link],
    ['a file that is gone', () => unlinkSync(file), () => file],
    ['a new name in a folder', () => writeFileSync(join(names, '002'), ''), () => names],
  ])('%s', (_, act, where) => {
    const before = taken()
    act()
    expect(compareInputs(before)).toEqual({ changed: where() })
  })
})

function taken(): Input[] {
  return [file, link, names].map((path) => {
    const input = takeInput(path)
    if (input === undefined) throw new Error(`${path} is not there`)
    return { path: input.path, stamp: input.stamp, content: input.content }
  })
}

function replace(path: string, content: string, mode: number): void {
  writeFileSync(`${path}.new`, content, { mode })
  renameSync(`${path}.new`, path)
}
