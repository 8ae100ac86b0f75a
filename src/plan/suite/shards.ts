import { RapidoError } from '../../errors.js'

/** One of several runs that share the tests. */
export interface Shard {
  index: number // 1 for the first
  count: number
  source: string // who says so: "--shard", or the variable of a CI system
}

/** The variables of an environment. */
type Variables = Readonly<Record<string, string | undefined>>

/**
 * The shard of `--shard 2/4`. Without it, that of the environment: a Slurm array's task, a Kubernetes indexed job's pod
 * or a GitLab parallel job. undefined where nothing is to be split, or for `--shard none`. Throws RapidoError('usage')
 * for one that cannot be, and for an environment that tells a place but not of how many: else each would run all tests.
 */
export function readShard(text: string | undefined, env: Variables): Shard | undefined {
  if (text === 'none') return undefined
  if (text === undefined) return shardOfEnvironment(env)
  const [, index, count] = /^(\d+)\/(\d+)$/.exec(text) ?? []
  if (index === undefined) throw new RapidoError('usage', `--shard ${text}: use INDEX/COUNT, such as 2/4, or none`)
  return requireShard({ index: Number(index), count: Number(count), source: '--shard' }, `--shard ${text}`)
}

function shardOfEnvironment(env: Variables): Shard | undefined {
  const present = systems.filter(({ index }) => setIn(env, index) !== undefined)
  const [system, other] = present
  if (system === undefined) return undefined
  if (other) {
    throw new RapidoError('usage', `both ${system.index} and ${other.index} tell which shard this is`, {
      hint: explicit,
    })
  }
  return requireShard({ ...system.place(env), source: system.index }, `${system.index}=${env[system.index]}`)
}

const explicit = 'say it with --shard INDEX/COUNT, or --shard none to run all tests'

/** How CI systems tell a job which of how many it is. */
const systems: { index: string; place: (env: Variables) => { index: number; count: number } }[] = [
  { index: 'SLURM_ARRAY_TASK_ID', place: slurmTask },
  {
    index: 'JOB_COMPLETION_INDEX', // from 0; Kubernetes does not tell a pod of how many
    place: (env) => ({
      index: 1 + numberIn(env, 'JOB_COMPLETION_INDEX'),
      count: numberIn(env, 'JOB_COMPLETIONS', "set it in the pod's env to the completions of the job"),
    }),
  },
  {
    index: 'CI_NODE_INDEX', // from 1; GitLab sets the total in every job, the index in parallel ones alone
    place: (env) => ({ index: numberIn(env, 'CI_NODE_INDEX'), count: numberIn(env, 'CI_NODE_TOTAL') }),
  },
]

/** Ids of an array (`--array=3-9:2`) begin and step as its user likes; one with holes cannot be told. */
function slurmTask(env: Variables): { index: number; count: number } {
  const count = numberIn(env, 'SLURM_ARRAY_TASK_COUNT')
  const optional = (name: string, otherwise: number) => (setIn(env, name) ? numberIn(env, name) : otherwise)
  const first = optional('SLURM_ARRAY_TASK_MIN', 0)
  const step = optional('SLURM_ARRAY_TASK_STEP', 1) || 1
  const last = first + step * (count - 1)
  const place = (numberIn(env, 'SLURM_ARRAY_TASK_ID') - first) / step
  if (Number.isInteger(place) && optional('SLURM_ARRAY_TASK_MAX', last) === last) return { index: place + 1, count }
  throw new RapidoError('usage', `SLURM_ARRAY_TASK_ID: the ${count} task ids of the array are not evenly spaced`, {
    hint: explicit,
  })
}

function numberIn(env: Variables, name: string, advice?: string): number {
  const value = setIn(env, name)
  if (value !== undefined && /^\d+$/.test(value)) return Number(value)
  const what =
    value === undefined ? `${name} is not set: of how many shards is this one?` : `${name}=${value}: no number`
  throw new RapidoError('usage', what, { hint: advice === undefined ? explicit : `${advice}; or ${explicit}` })
}

function setIn(env: Variables, name: string): string | undefined {
  return env[name] === '' ? undefined : env[name]
}

function requireShard(shard: Shard, written: string): Shard {
  if (shard.count >= 1 && shard.index >= 1 && shard.index <= shard.count) return shard
  const hint = shard.source === '--shard' ? 'shards count from 1: 1/4 to 4/4' : explicit
  throw new RapidoError('usage', `${written}: there is no shard ${shard.index} of ${shard.count}`, { hint })
}

/**
 * The tests in `count` parts that take about as long as each other by past times (ms): the longest first, each into the
 * part with the least. One that has none counts as the median of those that have. Without any times a part has every
 * count-th test by name. What part a test is in hangs on nothing but the arguments; in a part the order is kept.
 */
export function splitTests(tests: readonly string[], count: number, times: ReadonlyMap<string, number>): string[][] {
  const known = tests.flatMap((test) => times.get(test) ?? [])
  const usual = median(known) ?? 1
  const parts = Array.from({ length: count }, () => ({ positions: [] as number[], totalMs: 0 }))
  const byName = tests.map((name, position) => ({ name, position, ms: (times.get(name) ?? usual) || underASecond }))
  byName.sort((one, other) => other.ms - one.ms || (one.name < other.name ? -1 : one.name > other.name ? 1 : 0))
  for (const { position, ms } of byName) {
    const emptiest = parts.reduce((least, part) => (part.totalMs < least.totalMs ? part : least))
    emptiest.positions.push(position)
    emptiest.totalMs += ms
  }
  return parts.map(({ positions }) => positions.sort((one, other) => one - other).map((at) => tests[at] as string))
}

/** check's times are whole seconds: 0 is a little, and hundreds of them are not nothing. */
const underASecond = 500

function median(numbers: readonly number[]): number | undefined {
  const sorted = [...numbers].sort((one, other) => one - other)
  const middle = sorted.length >> 1
  const [low, high] = sorted.length % 2 === 0 ? [sorted[middle - 1], sorted[middle]] : [sorted[middle], sorted[middle]]
  return low === undefined || high === undefined ? undefined : (low + high) / 2
}
