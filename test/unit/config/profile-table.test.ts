import { expect, test } from 'vitest'
import { extended, hostPath, withAbsolutePaths } from '../../../src/config/profile-table.js'
import { parseToml, type TomlTable } from '../../../src/config/toml.js'

const table = (toml: string): TomlTable => parseToml(toml, 'profile.toml')

test.each<[string, string, string, string]>([
  ['what only the lower one says stays', 'network = "user"', 'summary = "x"', 'network = "user"\nsummary = "x"'],
  ['a word of the upper one wins', 'network = "user"', 'network = "bridge"', 'network = "bridge"'],
  ['so do numbers and flags', 'a = 1\nb = true', 'a = 2\nb = false', 'a = 2\nb = false'],
  [
    'tables are joined key by key, however deep',
    '[boot.env]\nA = "1"\nB = "1"\n[machine]\ncpus = 4',
    '[boot]\nssh = true\n[boot.env]\nB = "2"',
    '[machine]\ncpus = 4\n[boot]\nssh = true\n[boot.env]\nA = "1"\nB = "2"',
  ],
  ["lists follow each other, the lower one's first", 'a = ["x", "y"]', 'a = ["y", "z"]', 'a = ["x", "y", "y", "z"]'],
  [
    'tables of a list without an id follow each other, too',
    'include = [{ from = "a", to = "/x" }]',
    'include = [{ from = "b", to = "/x" }]',
    'include = [{ from = "a", to = "/x" }, { from = "b", to = "/x" }]',
  ],
  ['an empty list takes nothing away', 'a = ["x"]', 'a = []', 'a = ["x"]'],
  ['what is of two kinds is as the upper one has it', 'a = ["x"]', 'a = "y"', 'a = "y"'],
  ['a table does not come through a word', 'a = "y"', '[a]\nb = 1', '[a]\nb = 1'],
  [
    'that the lower one is a template, and what it extends, says nothing of the upper one',
    'template = true\nsummary = "below"',
    'extends = "below"\nsummary = "above"',
    'extends = "below"\nsummary = "above"',
  ],
  ['the upper one may be a template as well', 'summary = "x"', 'template = true', 'summary = "x"\ntemplate = true'],
])('%s', (_, below, above, both) => {
  expect(extended(table(below), table(above))).toEqual(table(both))
})

test.each<[string, string, string, string]>([
  [
    'a disk that both have is one, in the place of the lower one; another one comes behind',
    'disk = [{ id = "a", size = "1G" }, { id = "b", size = "1G" }]',
    'disk = [{ id = "c", size = "3G" }, { id = "a", serial = "A" }]',
    'disk = [{ id = "a", size = "1G", serial = "A" }, { id = "b", size = "1G" }, { id = "c", size = "3G" }]',
  ],
  [
    'the size of the upper one wins',
    'disk = [{ id = "a", size = "1G", bus = "scsi" }]',
    'disk = [{ id = "a", size = "2G" }]',
    'disk = [{ id = "a", size = "2G", bus = "scsi" }]',
  ],
  [
    'a file is in place of a size',
    'disk = [{ id = "a", size = "1G", serial = "A" }]',
    'disk = [{ id = "a", file = "/dev/sdz" }]',
    'disk = [{ id = "a", serial = "A", file = "/dev/sdz" }]',
  ],
  [
    'a size is in place of an RBD image',
    'disk = [{ id = "a", rbd = "pool/image" }]',
    'disk = [{ id = "a", size = "1G" }]',
    'disk = [{ id = "a", size = "1G" }]',
  ],
])('of disks: %s', (_, below, above, both) => {
  expect(extended({ machine: table(below) }, { machine: table(above) })).toEqual({ machine: table(both) })
})

test('neither of the two tables is changed', () => {
  const [below, above] = [table('[boot.env]\nA = "1"'), table('[boot.env]\nA = "2"')]
  extended(below, above)
  expect([below, above]).toEqual([table('[boot.env]\nA = "1"'), table('[boot.env]\nA = "2"')])
})

test.each([
  ['x.conf', '/p/mine/x.conf'],
  ['../x', '/p/x'],
  ['./x/', '/p/mine/x'],
  ['/etc/x', '/etc/x'],
  ['~/x', '/home/u/x'],
  ['~/x/', '/home/u/x'],
  ['{kernel.src}/x', '{kernel.src}/x'],
  ['x/{kernel.release}', '/p/mine/x/{kernel.release}'],
])('the path %s is %s', (written, path) => {
  expect(hostPath(written, { folder: '/p/mine', home: '/home/u' })).toBe(path)
})

test('every path of the host becomes absolute; names of programs, places in the guest and all else stay', () => {
  const written = table(`
summary = "a/b"
[image]
install = ["ls", "./own", "{kernel.src}/perf"]
install_optional = ["vi", "sub/x"]
include = [{ from = "x.conf", to = "x.conf" }]
trees = [{ from = "tree", to = "/opt/x", leave_out = ["a"] }]
dracut_modules = ["a/b"]
[boot]
cwd = "/opt/x"
include = [{ from = "lib.sh", to = "/lib.sh" }]
[machine]
disk = [{ id = "a", file = "a.img" }, { id = "b", rbd = "p/i" }, { id = "c", size = "1G" }]
[[when]]
setting = "iscsi.chap_user"
install = ["mkfs", "./when"]
`)
  expect(withAbsolutePaths(written, { folder: '/p', home: '/h' })).toEqual(
    table(`
summary = "a/b"
[image]
install = ["ls", "/p/own", "{kernel.src}/perf"]
install_optional = ["vi", "/p/sub/x"]
include = [{ from = "/p/x.conf", to = "x.conf" }]
trees = [{ from = "/p/tree", to = "/opt/x", leave_out = ["a"] }]
dracut_modules = ["a/b"]
[boot]
cwd = "/opt/x"
include = [{ from = "/p/lib.sh", to = "/lib.sh" }]
[machine]
disk = [{ id = "a", file = "/p/a.img" }, { id = "b", rbd = "p/i" }, { id = "c", size = "1G" }]
[[when]]
setting = "iscsi.chap_user"
install = ["mkfs", "/p/when"]
`),
  )
})

test('what has another mistake is left as it is, for who tells of it', () => {
  const written = table('image = 3\n[boot]\ninclude = "x"\n[machine]\ndisk = [1, { file = 2 }]')
  expect(withAbsolutePaths(written, { folder: '/p', home: '/h' })).toEqual(written)
})
