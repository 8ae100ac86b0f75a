import { expect, test } from 'vitest'
import { entriesOf, parseGroupList, testsOf, testTree } from '../../../../src/plan/suite/group-lists.js'

test('a group list gives the tests and their groups', () => {
  const text = `# QA groups control file, automatically generated.

001 rw dir auto quick
1001 auto  # soak
270-the-mark-of-fstests auto
003
`
  expect(parseGroupList(text)).toEqual([
    { test: '001', groups: ['rw', 'dir', 'auto', 'quick'] },
    { test: '1001', groups: ['auto'] },
    { test: '270-the-mark-of-fstests', groups: ['auto'] },
    { test: '003', groups: [] },
  ])
})

test.each([
  ['a comment', '# 001 auto'],
  ['too few digits', '01 auto'],
  ['a test that is not at the beginning', ' 001 auto'],
  ['a name of letters', 'README auto'],
  ['nothing', ''],
])('check takes %s for no test, nor do we', (_, line) => {
  expect(parseGroupList(line)).toEqual([])
})

test('what sticks to the name of a test is no group, nor is what tabs part', () => {
  expect(parseGroupList('001.out auto')).toEqual([{ test: '001', groups: ['auto'] }])
  expect(parseGroupList('001 auto\tquick rw')).toEqual([{ test: '001', groups: ['auto\tquick', 'rw'] }])
})

test('a tree lists its tests by bytes, folder by folder', () => {
  const tree = testTree({ xfs: '002 auto\n001 auto\n', generic: '999 auto\n1000 auto\n' })
  expect(testsOf(tree)).toEqual(['generic/1000', 'generic/999', 'xfs/001', 'xfs/002'])
  expect(testsOf(tree, ['xfs', 'ext4'])).toEqual(['xfs/001', 'xfs/002'])
})

test('a folder that is not there has no tests, whatever it is called', () => {
  expect(['ext4', 'constructor'].map((dir) => entriesOf(testTree({}), dir))).toEqual([[], []])
})
