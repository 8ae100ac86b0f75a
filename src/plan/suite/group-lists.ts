/** A line of tests/DIR/group.list: the name of a test there, and its groups. */
export interface GroupEntry {
  test: string // "001"
  groups: string[]
}

/** The tests of an fstests tree: the entries of each folder in tests/, in the order of its group.list. */
export interface TestTree {
  dirs: Record<string, GroupEntry[]>
}

/** The name of a test as check knows it (common/test_names): three digits, then letters, digits and dashes. */
export const testNamePattern = String.raw`\d{3}-?[A-Za-z0-9-]*`

const entryPattern = new RegExp(`^(${testNamePattern})(.*)$`)

/** Reads a group.list. What check does not take for an entry is left out; words are parted by spaces alone, as there. */
export function parseGroupList(text: string): GroupEntry[] {
  return text.split('\n').flatMap((line) => {
    const [, test, rest] = entryPattern.exec(line.replace(/#.*/, '')) ?? []
    if (test === undefined || rest === undefined) return []
    const [, ...words] = rest.split(' ') // what sticks to the name is no group
    return [{ test, groups: words.filter((word) => word !== '') }]
  })
}

/** The tree of the group lists that src/host/fstests-tree.ts read: their texts by folder. */
export function testTree(groupLists: Readonly<Record<string, string>>): TestTree {
  return { dirs: Object.fromEntries(Object.entries(groupLists).map(([dir, text]) => [dir, parseGroupList(text)])) }
}

/** The entries of a folder; none where the tree has no such folder. */
export function entriesOf(tree: TestTree, dir: string): GroupEntry[] {
  return Object.hasOwn(tree.dirs, dir) ? (tree.dirs[dir] ?? []) : []
}

/** The names of all tests in some folders ("generic/001"), by bytes within each. */
export function testsOf(tree: TestTree, dirs: readonly string[] = Object.keys(tree.dirs).sort()): string[] {
  return dirs.flatMap((dir) =>
    entriesOf(tree, dir)
      .map(({ test }) => `${dir}/${test}`)
      .sort(),
  )
}
