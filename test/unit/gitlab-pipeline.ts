import { isTable, type Table, tablesIn, unknownKeys } from './yaml-tables.js'

/** What GitLab would not take in a .gitlab-ci.yml; the start of docs.gitlab.com's CI/CD YAML syntax reference. */
export function gitlabProblems(pipeline: unknown): string[] {
  if (!isTable(pipeline)) return ['it is not a table']
  const jobs = tablesIn(pipeline).filter(([name]) => !globalKeys.includes(name))
  const byName = Object.fromEntries(jobs)
  const stages = texts(pipeline.stages ?? standardStages)
  const strays = Object.keys(pipeline).filter((name) => !globalKeys.includes(name) && !(name in byName))
  return [
    ...strays.map((name) => `${name} is no job`),
    ...unknownKeys(isTable(pipeline.default) ? pipeline.default : {}, defaultKeys, 'default'),
    ...(jobs.some(([name]) => !name.startsWith('.')) ? [] : ['it has no jobs']),
    ...jobs.flatMap(([name, job]) => jobProblems(name, job, { jobs: byName, stages })),
  ]
}

const standardStages = ['.pre', 'build', 'test', 'deploy', '.post']
const globalKeys = ['default', 'include', 'stages', 'variables', 'workflow', 'spec']
const defaultKeys = [
  ...['after_script', 'artifacts', 'before_script', 'cache', 'hooks', 'id_tokens', 'image', 'interruptible', 'retry'],
  ...['services', 'tags', 'timeout'],
]
const jobKeys = [
  ...defaultKeys,
  ...['allow_failure', 'coverage', 'dependencies', 'environment', 'extends', 'inherit', 'needs', 'parallel', 'release'],
  ...['resource_group', 'rules', 'script', 'secrets', 'stage', 'trigger', 'variables', 'when'],
]
const artifactKeys = [
  'paths',
  'exclude',
  'expire_in',
  'expose_as',
  'name',
  'public',
  'access',
  'reports',
  'untracked',
  'when',
]
const cacheKeys = ['paths', 'key', 'untracked', 'unprotect', 'when', 'policy', 'fallback_keys']

function jobProblems(name: string, job: Table, { jobs, stages }: { jobs: Table; stages: string[] }): string[] {
  const hidden = name.startsWith('.')
  const bases = texts(job.extends ?? [])
  const inherited = bases.map((base) => jobs[base]).filter(isTable)
  const whole: Table = Object.assign({}, ...inherited, job)
  const problems = [
    ...unknownKeys(job, jobKeys, 'it'),
    ...bases.filter((base) => !(base in jobs)).map((base) => `it extends ${base}, which is not there`),
    ...(hidden || whole.script !== undefined || whole.trigger !== undefined ? [] : ['it has no script']),
    ...['before_script', 'script', 'after_script'].flatMap((key) => scriptProblems(key, job[key])),
    ...(stages.includes(String(whole.stage ?? 'test')) ? [] : [`there is no stage ${whole.stage}`]),
    ...needProblems(name, whole, { jobs, stages }),
    ...parallelProblems(job.parallel),
    ...choiceProblem('when', job.when, ['on_success', 'on_failure', 'never', 'always', 'manual', 'delayed']),
    ...storeProblems('artifacts', job.artifacts, artifactKeys),
    ...storeProblems('cache', job.cache, cacheKeys),
  ]
  return problems.map((problem) => `job ${name}: ${problem}`)
}

/** "- echo a: b" is a table in YAML, and no line of a script. */
function scriptProblems(key: string, script: unknown): string[] {
  if (script === undefined || typeof script === 'string') return []
  const lines = Array.isArray(script) ? script.flat(2) : [undefined]
  return lines.every((line) => typeof line === 'string') && lines.length > 0 ? [] : [`${key} is not a list of texts`]
}

function needProblems(name: string, job: Table, { jobs, stages }: { jobs: Table; stages: string[] }): string[] {
  const place = ({ stage }: Table) => stages.indexOf(String(stage ?? 'test'))
  return texts(job.needs ?? []).flatMap((need) => {
    const needed = jobs[need]
    if (!isTable(needed) || need === name) return [`it needs ${need}`]
    return place(needed) > place(job) ? [`it needs ${need}, of a later stage`] : []
  })
}

function parallelProblems(parallel: unknown): string[] {
  if (parallel === undefined || isTable(parallel)) return []
  const count = Number(parallel)
  return Number.isInteger(count) && count >= 1 && count <= 200 ? [] : [`parallel: ${parallel}`]
}

/** Of artifacts and caches: paths inside the project's folder, and something to store. */
function storeProblems(what: string, store: unknown, keys: string[]): string[] {
  if (store === undefined) return []
  if (!isTable(store)) return [`${what} is no table`]
  const reports = isTable(store.reports) ? store.reports : {}
  const paths = [...texts(store.paths ?? []), ...texts(reports.junit ?? [])]
  return [
    ...unknownKeys(store, keys, what),
    ...unknownKeys(reports, ['junit', 'dotenv', 'metrics'], `${what}:reports`),
    ...(paths.length === 0 ? [`${what} stores nothing`] : []),
    ...paths.filter((path) => /^[/~]|\.\./.test(path)).map((path) => `${what}: ${path} is outside of the project`),
    ...choiceProblem(`${what}:when`, store.when, ['on_success', 'on_failure', 'always']),
  ]
}

function choiceProblem(key: string, value: unknown, choices: string[]): string[] {
  return value === undefined || choices.includes(String(value)) ? [] : [`${key}: ${value}`]
}

/** Job names and such: one, or a list of them; the names in tables such as needs:job. */
function texts(value: unknown): string[] {
  return [value].flat().map((one) => String(isTable(one) ? (one.job ?? one.pipeline) : one))
}
