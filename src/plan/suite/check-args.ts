import { nearest } from '../../config/nearest.js'
import { RapidoError } from '../../errors.js'

/** By name, as the tests were named, or shuffled: the seed repeats it. */
export type TestOrder = { kind: 'sorted' } | { kind: 'exact' } | { kind: 'random'; seed: number }

/** What the arguments of fstests' own `check` ask for. */
export interface CheckArgs {
  groups: string[] // -g; none: "auto", unless tests are named
  excludedGroups: string[] // -x
  excludeFilesInDirs: string[] // -X: the name of a file in tests/DIR; one at most
  excludedTests: string[] // -e
  excludeFiles: string[] // -E: paths, as typed
  patterns: string[] // tests: "generic/001", "xfs/???"
  sections: string[] // -s
  excludedSections: string[] // -S
  order: TestOrder
  dryRun: boolean // -n
  passed: string[] // what changes how tests run: for check
  runExcluded: boolean // --run-excluded: ours, and among its words for what run.json keeps of them
}

/**
 * Reads the arguments of check, as they are typed behind `rapido fstests xfs`. `seed` is the one of -r. Throws
 * RapidoError('usage') for what check would not take, and for what rapido has something else for.
 */
export function readCheckArgs(words: readonly string[], { seed }: { seed: number }): CheckArgs {
  const args: CheckArgs = {
    groups: [],
    excludedGroups: [],
    excludeFilesInDirs: [],
    excludedTests: [],
    excludeFiles: [],
    patterns: [],
    sections: [],
    excludedSections: [],
    order: { kind: 'sorted' },
    dryRun: false,
    passed: [],
    runExcluded: false,
  }
  const rest = [...words]
  while (rest[0]?.startsWith('-')) readOption(rest, args, seed)
  args.patterns = rest.flatMap(namesIn)
  return args
}

/** Takes an option, and its value, off the words. */
function readOption(rest: string[], args: CheckArgs, seed: number): void {
  const option = rest.shift() ?? ''
  const taking = withValue[option]
  if (taking) {
    const value = rest.shift()
    if (value === undefined || value.startsWith('-'))
      throw new RapidoError('usage', `${option}: what?`, { hint: `such as ${option} ${taking.example}` })
    taking.read(args, value)
  } else if (option === '-n') args.dryRun = true
  else if (option === '--run-excluded') args.runExcluded = true
  else if (option === '-r') args.order = oneOrder(args, { kind: 'random', seed })
  else if (option === '--exact-order') args.order = oneOrder(args, { kind: 'exact' })
  else if (passedOn.includes(option) || /^--extra-space=./.test(option)) args.passed.push(option)
  else refuse(option)
}

/** Options with a value, and where it goes. */
const withValue: Record<string, { example: string; read: (args: CheckArgs, value: string) => void }> = {
  '-g': { example: 'quick,rw', read: (args, value) => args.groups.push(...groupsIn(value)) },
  '-x': { example: 'dangerous', read: (args, value) => args.excludedGroups.push(...listed(value)) },
  '-X': { example: 'exclude.6.1', read: (args, value) => args.excludeFilesInDirs.push(oneFile(args, value)) },
  '-e': { example: 'generic/270,xfs/076', read: (args, value) => args.excludedTests.push(...listed(value)) },
  '-E': { example: 'xfs.exclude', read: (args, value) => args.excludeFiles.push(value) },
  '-s': { example: 'xfs_4k', read: (args, value) => args.sections.push(...listed(value, /\s+/)) },
  '-S': { example: 'xfs_1k', read: (args, value) => args.excludedSections.push(...listed(value, /\s+/)) },
  '-R': { example: 'xunit', read: (args, value) => args.passed.push('-R', value) },
}

const passedOn = ['-T', '-l', '-udiff', '-b', '--large-fs']

const known = [...Object.keys(withValue), '-n', '-r', '--exact-order', ...passedOn, '--extra-space=N']

/** Options of check that rapido has something else for. */
const instead: Record<string, string> = {
  '-i': 'use --until-fail, or --rerun-failed N',
  '-I': 'use --until-fail',
  '-L': 'use --rerun-failed N',
  '-d': 'the output of the tests is in the results',
  '-h': 'see rapido fstests --help',
  '-?': 'see rapido fstests --help',
  '--help': 'see rapido fstests --help',
}

const fileSystem = /^-(nfs|afs|glusterfs|cifs|9p|fuse|virtiofs|overlay|pvfs2|tmpfs|ubifs)$/

function refuse(option: string): never {
  const [, fstyp] = fileSystem.exec(option) ?? []
  const hint = fstyp ? `the file system comes first: rapido fstests ${fstyp}` : instead[option]
  if (hint !== undefined) throw new RapidoError('usage', `${option} of check is not for rapido`, { hint })
  const meant = option.length > 2 ? nearest(option, known) : known.find((other) => other === swapCase(option))
  throw new RapidoError('usage', `no option "${option}"${meant === undefined ? '' : `; did you mean "${meant}"?`}`, {
    hint: `of check there are ${known.join(', ')}`,
  })
}

/** Of a single letter no other is nearer than the same in the other case. */
function swapCase(option: string): string {
  return option === option.toLowerCase() ? option.toUpperCase() : option.toLowerCase()
}

function oneOrder({ order }: CheckArgs, wanted: TestOrder): TestOrder {
  if (order.kind === 'sorted' || order.kind === wanted.kind) return wanted
  throw new RapidoError('usage', '-r and --exact-order: only one of them can be', { hint: 'leave one out' })
}

function oneFile({ excludeFilesInDirs }: CheckArgs, value: string): string {
  if (excludeFilesInDirs.length === 0) return value
  throw new RapidoError(
    'usage',
    `-X ${value}: there is -X ${excludeFilesInDirs[0]} already, and check reads one only`,
    {
      hint: '-E can be given several times',
    },
  )
}

function groupsIn(value: string): string[] {
  const groups = listed(value)
  if (groups.length > 0) return groups
  throw new RapidoError('usage', `-g "${value}" names no group`, { hint: 'such as -g quick' })
}

function listed(value: string, between = /[,\s]+/): string[] {
  return value.split(between).filter((word) => word !== '')
}

function namesIn(word: string): string[] {
  if (word.startsWith('-'))
    throw new RapidoError('usage', `${word} stands behind a test`, { hint: 'options of check come before the tests' })
  const names = listed(word, /\s+/)
  if (names.length > 0) return names
  throw new RapidoError('usage', `"${word}" names no test`, { hint: 'such as generic/001' })
}
