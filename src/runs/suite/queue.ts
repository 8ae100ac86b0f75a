import { splitTests } from '../../plan/suite/shards.js'
import type { Attempt } from '../../report/suite-result.js'
import { hasFailed } from '../../report/suite-tests.js'
import { type SuiteTest, testKey } from './suite.js'

/** Tests that a VM is given at once: all of one configuration. */
export interface Share {
  config: string | undefined
  tests: string[]
  isAlone: boolean // it is one test, which wants a VM of its own
}

/** A crash is a crash whether the kernel or QEMU ended it; a hang costs a VM just so. */
export function costsVm({ status }: Pick<Attempt, 'status'>): boolean {
  return status === 'crash' || status === 'timeout'
}

/** How often a test may cost a VM before it is left alone. */
const maxCrashesOfTest = 2

/**
 * Which tests are still to run, and where. Each VM has its own; one that has none left takes half of what another has
 * not begun. Pure: who runs them says what became of each.
 */
export class SuiteQueue {
  readonly #tests: SuiteTest[]
  readonly #attempts = new Map<string, Attempt[]>()
  readonly #crashes = new Map<string, number>() // by name, in whatever configuration
  readonly #pending: SuiteTest[][]
  readonly #vms: number
  readonly #times: ReadonlyMap<string, number>
  #isAlone = false
  #repeated: SuiteTest[][] | undefined // what each VM does again and again

  /** `times`: of the past, in ms by testKey; `attempts`: of an earlier part of this run. */
  constructor(
    tests: SuiteTest[],
    options: {
      vms: number
      times: ReadonlyMap<string, number>
      attempts?: ReadonlyMap<string, Attempt[]>
      repeat?: boolean
    },
  ) {
    this.#tests = tests.filter(({ excluded }) => excluded === undefined)
    this.#vms = options.vms
    this.#times = options.times
    for (const test of this.#tests) {
      this.#attempts.set(testKey(test), [])
      for (const attempt of options.attempts?.get(testKey(test)) ?? []) this.ended(test, attempt)
    }
    const open = this.#tests.filter((test) => this.attemptsOf(test).length === 0)
    this.#pending = this.#split(open)
    if (options.repeat) this.#repeated = this.#split(this.#tests)
  }

  get total(): number {
    return this.#tests.length
  }

  get done(): number {
    return this.#tests.filter((test) => this.attemptsOf(test).length > 0).length
  }

  attemptsOf(test: Pick<SuiteTest, 'name' | 'config'>): readonly Attempt[] {
    return this.#attempts.get(testKey(test)) ?? []
  }

  /** The tests that nobody has begun, of all VMs. */
  get waiting(): SuiteTest[] {
    return this.#pending.flat()
  }

  /** What the VM at this place is to run next; undefined: nothing is left. */
  take(place: number): Share | undefined {
    const worthwhile = (tests: SuiteTest[]) => tests.filter((test) => !this.isGivenUp(test))
    for (const [index, own] of this.#pending.entries()) // those of others, too: it may take some of them
      this.#pending[index] = worthwhile(own)
    if (this.#pending[place]?.length === 0) {
      this.#pending[place] = this.#repeated ? worthwhile(this.#repeated[place] as SuiteTest[]) : this.#stolen(place)
    }
    const own = this.#pending[place] as SuiteTest[]
    const [first] = own
    if (first === undefined) return undefined
    const tests = own.filter(({ config }) => config === first.config).map(({ name }) => name)
    return { config: first.config, tests: this.#isAlone ? tests.slice(0, 1) : tests, isAlone: this.#isAlone }
  }

  /** Whether the VM may begin this test now; if so it is on its way. */
  begin(place: number, test: Pick<SuiteTest, 'name' | 'config'>): boolean {
    const own = this.#pending[place] as SuiteTest[]
    const index = own.findIndex((each) => testKey(each) === testKey(test))
    if (index < 0) return false
    own.splice(index, 1)
    return true
  }

  ended(test: Pick<SuiteTest, 'name' | 'config'>, attempt: Attempt): void {
    this.#attempts.get(testKey(test))?.push(attempt)
    this.#count(test, attempt)
  }

  #count({ name }: Pick<SuiteTest, 'name'>, attempt: Attempt): void {
    if (costsVm(attempt)) this.#crashes.set(name, (this.#crashes.get(name) ?? 0) + 1)
  }

  /** Runs these tests once more, each in a VM that has run nothing else. */
  againAlone(tests: SuiteTest[]): void {
    this.#isAlone = true
    for (const [place, part] of this.#split(tests).entries()) this.#pending[place]?.push(...part)
  }

  /** Nothing more is begun. */
  clear(): void {
    this.#repeated = undefined
    for (const own of this.#pending) own.splice(0)
  }

  /** Tests that failed, in their order, but for those that an exclude file has. */
  get failed(): SuiteTest[] {
    return this.#tests.filter((test) => test.excused === undefined && this.attemptsOf(test).some(hasFailed))
  }

  /** An exclude file has it: whether it fails is of no concern to the run. */
  isExcused(test: Pick<SuiteTest, 'name' | 'config'>): boolean {
    return this.#tests.some((each) => each.excused !== undefined && testKey(each) === testKey(test))
  }

  /** It has crashed the guest too often, in whatever configuration. */
  isGivenUp({ name }: Pick<SuiteTest, 'name'>): boolean {
    return (this.#crashes.get(name) ?? 0) >= maxCrashesOfTest
  }

  #stolen(place: number): SuiteTest[] {
    const from = this.#pending.reduce((longest, own) => (own.length > longest.length ? own : longest))
    if (from === this.#pending[place] || from.length < minToSteal) return []
    return from.splice(Math.ceil(from.length / 2))
  }

  #split(tests: SuiteTest[]): SuiteTest[][] {
    const byKey = new Map(tests.map((test) => [testKey(test), test]))
    return splitTests([...byKey.keys()], this.#vms, this.#times).map((keys) =>
      keys.flatMap((key) => byKey.get(key) ?? []),
    )
  }
}

/** A test that another VM is about to begin is not worth the start of a program. */
const minToSteal = 3
