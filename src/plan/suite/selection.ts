import { nearest } from '../../config/nearest.js'
import { RapidoError } from '../../errors.js'
import type { CheckArgs } from './check-args.js'
import { entriesOf, type TestTree, testsOf } from './group-lists.js'
import { namedTests } from './named-tests.js'
import { shuffled } from './shuffle.js'

/** Tests in the order in which they run, "generic/001", and what is worth a line about them. */
export interface Selection {
  tests: string[]
  notes: string[]
}

/**
 * The tests that `check -n` would list, in its order, those of exclude files and of -e among them (excludes.ts tells
 * which they are). Throws RapidoError('usage') for a group or a test that is not there, where check goes on without
 * it, and for a selection that is empty. A test that --exact-order names twice runs once.
 */
export function selectTests(
  tree: TestTree,
  args: Pick<CheckArgs, 'groups' | 'excludedGroups' | 'patterns' | 'order'>,
  { fstyp }: { fstyp: string },
): Selection {
  const named = namedTests(tree, args.patterns)
  const groups = args.groups.length === 0 && args.patterns.length === 0 ? ['auto'] : args.groups
  const everything = groups.join() === 'all' && args.patterns.length === 0
  const grouped = everything ? testsOf(tree, checkDirs(fstyp)) : groups.flatMap((group) => inGroup(tree, group, fstyp))
  requireAll(tree, groups, { fstyp, everything, mistakes: named.mistakes })

  const leftOut = new Set(args.excludedGroups.flatMap((group) => inGroup(tree, group, fstyp)))
  const tests = [...new Set([...named.tests, ...grouped])].filter((test) => !leftOut.has(test))
  if (tests.length === 0) {
    const taken = args.excludedGroups.join()
    const what = taken === '' ? 'there is no test' : `-x ${taken} leaves no test to run`
    throw new RapidoError('usage', what, { hint: 'such as -g auto -x dangerous' })
  }
  const unknown = args.excludedGroups.filter((group) => inGroup(tree, group, fstyp).length === 0)
  return {
    tests: inOrder(tests, args.order),
    notes: [
      ...unknown.map((group) => `-x ${group} leaves nothing out: ${noGroup(tree, group, fstyp)}`),
      ...(args.order.kind === 'exact' ? twice(named.tests) : []),
    ],
  }
}

/** The folders that check reads for `-g all` and for -X: those of ext4 are not for ext2 and ext3 there. */
export function checkDirs(fstyp: string): string[] {
  return [...new Set(['generic', fstyp])]
}

/** The folders of a group without a folder of its own. */
function groupDirs(fstyp: string): string[] {
  return checkDirs(fstyp === 'ext2' || fstyp === 'ext3' ? 'ext4' : fstyp)
}

function inGroup(tree: TestTree, group: string, fstyp: string): string[] {
  const slash = group.lastIndexOf('/')
  const dir = group.slice(0, Math.max(slash, 0))
  const ofDir = Object.hasOwn(tree.dirs, dir) // xfs/quick
  const name = ofDir ? group.slice(slash + 1) : group
  return (ofDir ? [dir] : groupDirs(fstyp)).flatMap((from) =>
    entriesOf(tree, from)
      .filter(({ groups }) => groups.includes(name))
      .map(({ test }) => `${from}/${test}`),
  )
}

function requireAll(
  tree: TestTree,
  groups: readonly string[],
  { fstyp, everything, mistakes }: { fstyp: string; everything: boolean; mistakes: string[] },
): void {
  const missing = everything ? [] : groups.filter((group) => inGroup(tree, group, fstyp).length === 0)
  const lines = [...mistakes, ...missing.map((group) => noGroup(tree, group, fstyp))]
  if (lines.length === 0) return
  const hint = missing.includes('all')
    ? '-g all is for itself: with no other group, and no test named'
    : 'such as -g quick, -g xfs/quick, generic/001 or "generic/0*"'
  throw new RapidoError('usage', lines.join('\n'), { hint })
}

function noGroup(tree: TestTree, group: string, fstyp: string): string {
  const dirs = groupDirs(fstyp).filter((dir) => Object.hasOwn(tree.dirs, dir))
  const ofDir = group.includes('/')
  const groups = (ofDir ? Object.keys(tree.dirs) : dirs).flatMap((dir) =>
    entriesOf(tree, dir).flatMap((entry) => entry.groups.map((name) => (ofDir ? `${dir}/${name}` : name))),
  )
  const meant = nearest(group, new Set(groups))
  const among = ofDir ? '' : ` among those of ${dirs.map((dir) => `tests/${dir}`).join(' and ')}`
  return `no group "${group}"${among}${meant === undefined ? '' : `; did you mean "${meant}"?`}`
}

function inOrder(tests: string[], order: CheckArgs['order']): string[] {
  if (order.kind === 'exact') return tests
  const sorted = tests.sort() // of ASCII: bytewise, as sort(1) in check's LC_ALL=C
  return order.kind === 'random' ? shuffled(sorted, order.seed) : sorted
}

function twice(named: string[]): string[] {
  const again = new Set(named.filter((test, index) => named.indexOf(test) < index))
  return [...again].map((test) => `${test} is named more than once and runs once`)
}
