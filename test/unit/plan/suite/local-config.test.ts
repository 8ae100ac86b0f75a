import { expect, test } from 'vitest'
import { sectionsOf } from '../../../../src/plan/suite/local-config.js'

test.each<[string, string, ReturnType<typeof sectionsOf>]>([
  ['no section', 'export FSTYP=xfs\nMKFS_OPTIONS="-b size=1024"\n', []],
  ['an empty file', '', []],
  [
    'two sections, with what each sets itself',
    'HOST=all\n[v4]\nFSTYP=xfs\nMKFS_OPTIONS="-m crc=0"\n\n[v5]\nexport FSTYP=ext4\n',
    [
      { name: 'v4', values: { FSTYP: 'xfs', MKFS_OPTIONS: '-m crc=0' } },
      { name: 'v5', values: { FSTYP: 'ext4' } },
    ],
  ],
  [
    'quotes, blanks and comments',
    '[a]\n  FSTYP=\'xfs\'  \nX=1 # one\n# Y=2\nZ="a b" # quoted\n',
    [{ name: 'a', values: { FSTYP: 'xfs', X: '1', Z: 'a b' } }],
  ],
  ['a name with blanks around', '[ a ]\t\nX=1', [{ name: 'a', values: { X: '1' } }]],
  ['line ends of Windows', '[a]\r\nX=1\r\n', [{ name: 'a', values: { X: '1' } }]],
  ['an empty value', '[a]\nX=\n', [{ name: 'a', values: { X: '' } }]],
  ['a value with =', '[a]\nX=a=b\n', [{ name: 'a', values: { X: 'a=b' } }]],
  ['brackets within a line', '[a]\nX=[b]\necho [c]\n', [{ name: 'a', values: { X: '[b]' } }]],
])('%s', (_, text, sections) => {
  expect(sectionsOf(text)).toEqual(sections)
})
