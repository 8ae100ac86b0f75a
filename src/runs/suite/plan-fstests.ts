import { readFileSync } from 'node:fs'
import { isAbsolute, resolve } from 'node:path'
import { loadSettings } from '../../config/load.js'
import { listProfiles } from '../../config/profiles.js'
import type { Settings } from '../../config/schema.js'
import { RapidoError } from '../../errors.js'
import { readFilesInTestDirs, readTestTree } from '../../host/fstests-tree.js'
import { type CheckArgs, readCheckArgs } from '../../plan/suite/check-args.js'
import { type Exclude, excludedBy, namedExcludes, parseExcludes, unknownExcludes } from '../../plan/suite/excludes.js'
import { testTree } from '../../plan/suite/group-lists.js'
import { sectionsOf } from '../../plan/suite/local-config.js'
import { checkDirs, selectTests } from '../../plan/suite/selection.js'
import { count } from '../../report/plain.js'
import { planRun, type RunPlan, type Surroundings } from '../plan-run.js'
import { isBooted } from '../start-way.js'
import { readCheckSummary, readCheckVerdict } from './check-output.js'
import type { SuitePlan, SuiteProgram, SuiteTest } from './suite.js'

/** A configuration in which the tests run: a section of local.config, one of rapido.toml, or the only one. */
interface Configuration {
  name: string | undefined
  fstyp: string
  section: boolean
  settings: Settings['fstests']['config'][string]
}

/**
 * Plans a run of fstests on a file system, from the words that `check` would be given. Everything that can be known
 * before a VM boots is: throws RapidoError('usage') or ('host'). `dryRun`: -n was among the words.
 */
export async function planFstests(
  fs: string,
  words: string[],
  from: Surroundings,
  options: { seed: number; signal?: AbortSignal },
): Promise<SuitePlan & { dryRun: boolean }> {
  const profile = `fstests-${fs}`
  await requireFileSystem(fs, profile, from)
  const args = readCheckArgs(words, options)
  const { settings } = await loadSettings({ ...from, profile })
  const root = settings.fstests.src
  if (root === undefined) {
    throw new RapidoError('usage', 'fstests.src is not set: which tree of fstests?', {
      hint: 'set it in rapido.toml, or with --set fstests.src=~/xfstests',
    })
  }
  const tree = testTree(readTestTree(root).groupLists) // what is wrong with it is told before anything is looked for
  const run = await planRun(profile, from, options.signal ? { signal: options.signal } : {})
  const configurations = planConfigurations(run, args)
  const notes: string[] = []
  const tests = configurations.flatMap((configuration) => {
    const selection = selectTests(tree, args, configuration)
    notes.push(...selection.notes)
    const excludes = readExcludes(args, { root, fstyp: configuration.fstyp, cwd: from.cwd, settings })
    notes.push(...unknownExcludes(excludes, tree))
    const excluded = excludedBy(excludes, { release: run.kernel.release, tests: selection.tests })
    return selection.tests.map((name): SuiteTest => {
      return { name, config: configuration.name, ...leftOut(excluded.get(name), args) }
    })
  })
  requireSome(tests)
  if (args.runExcluded && !tests.some(({ excused }) => excused))
    notes.push('--run-excluded: no exclude file leaves out any of these tests')
  if (args.order.kind === 'random') notes.push(`-r with seed ${args.order.seed}: --seed ${args.order.seed} repeats it`)
  return {
    suite: 'fstests',
    run: isBooted(run) ? withTestsAlone(run, root, tests) : run, // one snapshot serves whatever tests
    tests,
    program: checkProgram(run, args, configurations),
    testTimeoutMs: settings.fstests.test_timeout,
    shard: undefined,
    notes: [...new Set(notes)],
    dryRun: args.dryRun,
  }
}

/** Most of a tree is tests, four thousand files: a guest unpacks them before it runs its init, and check lists them. */
function withTestsAlone(run: RunPlan, root: string, tests: SuiteTest[]): RunPlan {
  const only = { of: /^tests\/[^/]+\/\d[^/]*$/, paths: new Set(tests.map(({ name }) => `tests/${name}`)) }
  const trees = run.image.trees.map((tree) => (tree.from === root ? { ...tree, only } : tree))
  return { ...run, image: { ...run.image, trees } }
}

async function requireFileSystem(fs: string, profile: string, from: Surroundings): Promise<void> {
  const profiles = await listProfiles(from)
  if (profiles.some(({ name }) => name === profile)) return
  const usable = profiles.filter(({ template }) => !template)
  const known = usable.flatMap(({ name }) => /^fstests-(.+)$/.exec(name)?.[1] ?? [])
  throw new RapidoError('usage', `no file system "${fs}" for fstests: there is no profile ${profile}`, {
    hint: `there are ${[...new Set(known)].join(', ')}; a profile of yours that extends "fstests" adds one`,
  })
}

function planConfigurations(run: RunPlan, args: CheckArgs): Configuration[] {
  const { local_config: file, config } = run.settings.fstests
  const { env } = run.profile.boot
  const fstyp = env.FSTESTS_FSTYP ?? env.FSTYP ?? ''
  const sections = file === undefined ? [] : sectionsOf(readLocalConfig(file))
  const own = Object.entries(config).map(([name, settings]) => ({ name, fstyp, section: false, settings }))
  if (sections.length > 0 && own.length > 0) {
    throw new RapidoError(
      'usage',
      `${file} has sections, and rapido.toml has [fstests.config]: only one of them can be`,
    )
  }
  const all: Configuration[] = [
    ...sections.map(({ name, values }) => ({ name, fstyp: values.FSTYP ?? fstyp, section: true, settings: {} })),
    ...own,
  ]
  const wanted = all.filter(({ name = '' }) => {
    return (args.sections.length === 0 || args.sections.includes(name)) && !args.excludedSections.includes(name)
  })
  const unknown = [...args.sections, ...args.excludedSections].filter((name) => !all.some((each) => each.name === name))
  if (unknown.length > 0) {
    throw new RapidoError('usage', `no section or configuration ${unknown.join(', ')}`, {
      hint:
        all.length > 0
          ? `there are ${all.map(({ name }) => name).join(', ')}`
          : 'fstests.local_config names a file with sections; [fstests.config.NAME] of rapido.toml is one, too',
    })
  }
  if (all.length === 0) return [{ name: undefined, fstyp, section: false, settings: {} }]
  if (wanted.length > 0) return wanted
  throw new RapidoError('usage', '-S leaves no section to run')
}

function readLocalConfig(file: string): string {
  return readText(file, 'fstests.local_config')
}

function readText(file: string, what: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new RapidoError('usage', `${what}: cannot read ${file}: ${(cause as Error).message}`, { cause })
  }
}

function readExcludes(
  args: CheckArgs,
  { root, fstyp, cwd, settings }: { root: string; fstyp: string; cwd: string; settings: Settings },
): Exclude[] {
  const files = args.excludeFiles.map((file) => ({ path: isAbsolute(file) ? file : resolve(cwd, file), what: '-E' }))
  const own = settings.fstests.exclude
  if (own !== undefined) files.push({ path: own, what: 'fstests.exclude' })
  return [
    ...namedExcludes(args.excludedTests),
    ...files.flatMap(({ path, what }) => parseExcludes(readText(path, what), path)),
    ...args.excludeFilesInDirs.flatMap((name) =>
      readFilesInTestDirs(root, name, checkDirs(fstyp)).flatMap(({ dir, path, text }) =>
        parseExcludes(text, path, { dir }),
      ),
    ),
  ]
}

/** A test that is named by -e stays out in any case. */
function leftOut(exclude: Exclude | undefined, args: CheckArgs): Pick<SuiteTest, 'excluded' | 'excused'> {
  const isInFile = exclude?.line !== undefined
  return args.runExcluded && isInFile ? { excused: exclude } : { excluded: exclude?.reason }
}

function requireSome(tests: SuiteTest[]): void {
  if (tests.some(({ excluded }) => excluded === undefined)) return
  throw new RapidoError('usage', `no test is left to run: ${count(tests.length, 'test')} excluded`, {
    hint: `the first one: ${tests[0]?.name}, since ${tests[0]?.excluded}`,
  })
}

/** check itself: it gets the tests by name, since an empty list or a group would be its own choice. */
function checkProgram(run: RunPlan, args: CheckArgs, configurations: Configuration[]): SuiteProgram {
  const find = (name: string | undefined) => configurations.find((each) => each.name === name)
  return {
    argv: (tests, config) => [
      'check',
      '--',
      './check',
      ...(run.profile.boot.env.FSTESTS_CHECK_ARGS ?? '').split(' ').filter((word) => word !== ''),
      ...args.passed,
      '--exact-order',
      ...(find(config)?.section ? ['-s', config as string] : []),
      ...tests,
    ],
    env: (config) => {
      const { section, settings } = find(config) ?? { section: false, settings: {} }
      const { mkfs_options: mkfs, mount_options: mount } = settings
      return {
        // TEST_DEV, too, is made with the options of a configuration; a section says itself whether it is.
        ...(config === undefined || section ? {} : { FSTESTS_RECREATE: 'true' }),
        ...(mkfs === undefined ? {} : { FSTESTS_MKFS_OPTIONS: mkfs }),
        ...(mount === undefined ? {} : { FSTESTS_MOUNT_OPTIONS: mount }),
      }
    },
    verdict: ({ text }) => {
      const { status, reason, output } = readCheckVerdict(text)
      return { status: status === 'excluded' ? 'notrun' : status, reason, output }
    },
    ownSummary: readCheckSummary,
  }
}
