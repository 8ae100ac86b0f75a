import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { RapidoError } from '../errors.js'
import { isProgram, kindOf } from './programs.js'

/** A program that a built tree of blktests has in each of its versions. */
const builtProgram = 'src/loblksize'

/**
 * The tests of the tree that the setting blktests.src names, "block/001", in their order. Throws RapidoError('usage')
 * where that is no tree of blktests, and RapidoError('host') where it is not built.
 */
export function readBlktests(root: string): string[] {
  const hint = 'name a built tree of blktests'
  if (kindOf(root) !== 'folder') throw new RapidoError('usage', `blktests.src: there is no folder ${root}`, { hint })
  const tests = kindOf(join(root, 'check')) === 'file' ? testsIn(join(root, 'tests')) : []
  if (tests.length === 0) {
    throw new RapidoError('usage', `blktests.src: ${root} is no tree of blktests: it has no check and tests/*/001`, {
      hint,
    })
  }
  if (isProgram(join(root, builtProgram))) return tests
  throw new RapidoError('host', `blktests.src: ${root} is not built: it has no ${builtProgram}`, {
    hint: `make -C ${root}`,
  })
}

function testsIn(folder: string): string[] {
  if (kindOf(folder) !== 'folder') return []
  const groups = readdirSync(folder).filter((name) => kindOf(join(folder, name)) === 'folder')
  return groups.sort().flatMap((group) => {
    const tests = readdirSync(join(folder, group)).filter((name) => /^\d{3}$/.test(name))
    return tests.sort().map((test) => `${group}/${test}`)
  })
}
