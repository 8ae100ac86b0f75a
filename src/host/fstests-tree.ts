import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { RapidoError } from '../errors.js'
import { isProgram, kindOf } from './programs.js'

/** A built fstests tree. src/plan/suite/group-lists.ts makes a TestTree of its lists. */
export interface FstestsTree {
  root: string
  groupLists: Record<string, string> // texts of tests/DIR/group.list by DIR; empty where a folder has none
}

/** Programs that a built tree has, and hardly a test does without. */
const builtPrograms = ['src/lstat64', 'ltp/fsstress']

/**
 * Reads the group lists of the tree that the setting fstests.src names. Throws RapidoError('usage') where that is no
 * fstests tree, and RapidoError('host') where it is not built.
 */
export function readTestTree(root: string): FstestsTree {
  const hint = 'name a built tree of https://git.kernel.org/pub/scm/fs/xfs/xfstests-dev.git'
  if (kindOf(root) !== 'folder') throw new RapidoError('usage', `fstests.src: there is no folder ${root}`, { hint })
  for (const [name, kind] of [['check', 'file'] as const, ['tests', 'folder'] as const]) {
    if (kindOf(join(root, name)) === kind) continue
    throw new RapidoError('usage', `fstests.src: ${root} is no fstests tree: it has no ${name}`, { hint })
  }
  const dirs = testDirs(root)
  const lists = dirs.map((dir): [string, string] => [dir, textOf(join(root, 'tests', dir, 'group.list')) ?? ''])
  const missing = [
    ...(lists.some(([dir, text]) => dir === 'generic' && text !== '') ? [] : ['tests/generic/group.list']),
    ...builtPrograms.filter((program) => !isProgram(join(root, program))),
  ]
  if (missing.length > 0) {
    const what = `fstests.src: ${root} is not built: it has no ${missing.join(', ')}`
    throw new RapidoError('host', what, { hint: `make -C ${root}` })
  }
  return { root, groupLists: Object.fromEntries(lists) }
}

/**
 * Reads the files of a name (check's -X) in those of the folders that have one. Throws RapidoError('usage') where none
 * has, since check would say nothing and leave nothing out.
 */
export function readFilesInTestDirs(
  root: string,
  name: string,
  dirs: readonly string[],
): { dir: string; path: string; text: string }[] {
  const files = dirs.flatMap((dir) => {
    const path = join(root, 'tests', dir, name)
    const text = textOf(path)
    return text === undefined ? [] : [{ dir, path, text }]
  })
  if (files.length > 0) return files
  const places = dirs.map((dir) => join(root, 'tests', dir))
  throw new RapidoError('usage', `-X ${name}: there is no such file in ${places.join(' or ')}`, {
    hint: '-E names a file by its path',
  })
}

function testDirs(root: string): string[] {
  const tests = join(root, 'tests')
  return readdirSync(tests)
    .filter((name) => kindOf(join(tests, name)) === 'folder')
    .sort()
}

/** The text of a file, undefined where there is none. */
function textOf(path: string): string | undefined {
  if (kindOf(path) !== 'file') return undefined
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new RapidoError('host', `${path} cannot be read`, { hint: `make it readable: chmod a+r ${path}`, cause })
  }
}
