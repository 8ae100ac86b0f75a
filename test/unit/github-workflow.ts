import { isTable, type Table, tablesIn, unknownKeys } from './yaml-tables.js'

/** What GitHub would not take in a workflow, or would fail at; the start of docs.github.com's workflow syntax. */
export function githubProblems(workflow: unknown): string[] {
  if (!isTable(workflow)) return ['it is not a table']
  const jobs = tablesIn(workflow.jobs)
  return [
    ...unknownKeys(workflow, topKeys, 'the workflow'),
    ...triggerProblems(workflow.on),
    ...(jobs.length === 0 ? ['it has no jobs'] : []),
    ...jobs.flatMap(([name, job]) => jobProblems(name, job, Object.fromEntries(jobs))),
    ...artifactProblems(jobs.flatMap(([, job]) => stepsOf(job))),
  ]
}

const topKeys = ['name', 'run-name', 'on', 'permissions', 'env', 'defaults', 'concurrency', 'jobs']
const triggers = ['push', 'pull_request', 'workflow_dispatch', 'workflow_call', 'schedule', 'merge_group', 'release']
const jobKeys = [
  ...['name', 'permissions', 'needs', 'if', 'runs-on', 'environment', 'concurrency', 'outputs', 'env', 'defaults'],
  ...['steps', 'timeout-minutes', 'strategy', 'continue-on-error', 'container', 'services'],
]
const stepKeys = [
  ...['id', 'if', 'name', 'uses', 'run', 'working-directory', 'shell', 'with', 'env'],
  ...['continue-on-error', 'timeout-minutes'],
]

function triggerProblems(on: unknown): string[] {
  const names = isTable(on) ? Object.keys(on) : [on].flat()
  if (on === undefined || names.length === 0) return ['it has no trigger: "on"']
  return names.filter((name) => !triggers.includes(String(name))).map((name) => `there is no trigger ${name}`)
}

function jobProblems(name: string, job: Table, jobs: Table): string[] {
  const steps = stepsOf(job)
  const strategy = isTable(job.strategy) ? job.strategy : {}
  const values = (table: unknown) => (isTable(table) ? Object.keys(table) : [])
  const known = { matrix: values(strategy.matrix), needs: [job.needs ?? []].flat() }
  const problems = [
    ...unknownKeys(job, jobKeys, 'it'),
    ...unknownKeys(strategy, ['matrix', 'fail-fast', 'max-parallel'], 'strategy'),
    ...(typeof job['runs-on'] === 'string' ? [] : ['it does not say what it runs-on']),
    ...(steps.length === 0 ? ['it has no steps'] : []),
    ...known.needs.filter((need) => need === name || !(String(need) in jobs)).map((need) => `it needs ${need}`),
    ...steps.flatMap((step, index) => stepProblems(step).map((problem) => `step ${index + 1}: ${problem}`)),
    ...expressionsIn(job).flatMap((expression) => expressionProblems(expression, known)),
  ]
  return problems.map((problem) => `job ${name}: ${problem}`)
}

function stepsOf(job: Table): Table[] {
  return Array.isArray(job.steps) ? job.steps.filter(isTable) : []
}

function stepProblems(step: Table): string[] {
  const { uses, run } = step
  if ((uses === undefined) === (run === undefined)) return ['it needs one of uses and run']
  return [
    ...unknownKeys(step, stepKeys, 'it'),
    ...(run === undefined || (typeof run === 'string' && run.trim() !== '') ? [] : ['run is no text']),
    ...(uses === undefined || /^[\w.-]+\/[\w./-]+@[\w.-]+$/.test(String(uses))
      ? []
      : [`uses ${uses}: no OWNER/ACTION@REF`]),
    ...(step.with !== undefined && uses === undefined ? ['with is for uses'] : []),
    ...(uses !== undefined && (step.shell ?? step['working-directory']) !== undefined ? ['shell is for run'] : []),
    ...(isTable(step.with ?? {}) ? [] : ['with is no table']),
  ]
}

/** The insides of ${{ … }} in all texts below, and conditions, which may stand without. */
function expressionsIn(value: unknown): string[] {
  if (typeof value === 'string') return [...value.matchAll(/\$\{\{(.*?)\}\}/gs)].map(([, inside = '']) => inside.trim())
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(expressionsIn) : []
}

const contexts = ['github', 'env', 'vars', 'job', 'steps', 'runner', 'secrets', 'strategy', 'matrix', 'needs', 'inputs']

function expressionProblems(expression: string, known: { matrix: string[]; needs: unknown[] }): string[] {
  const words = [...expression.replace(/'[^']*'/g, '').matchAll(/(?<![\w.-])([a-z]\w*)(?:\.([\w-]+))?(?![\w(-])/g)]
  return words.flatMap(([, context = '', name = '']) => {
    if (!contexts.includes(context)) return [`${expression}: there is no ${context}`]
    const names = context === 'matrix' ? known.matrix : context === 'needs' ? known.needs : [name]
    return names.includes(name) ? [] : [`${expression}: there is no ${context}.${name}`]
  })
}

/** An artifact that is fetched has to be stored by a step before. */
function artifactProblems(steps: Table[]): string[] {
  const named = (action: string) =>
    steps.filter(({ uses }) => String(uses).startsWith(`actions/${action}@`)).map((step) => tableOf(step.with))
  const stored = named('upload-artifact').map(({ name }) => String(name))
  return named('download-artifact').flatMap(({ name, pattern }) => {
    const found = name === undefined ? stored.some((one) => fits(one, String(pattern))) : stored.includes(String(name))
    return found ? [] : [`nothing stores the artifact ${name ?? pattern}`]
  })
}

function fits(name: string, pattern: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern
}

function tableOf(value: unknown): Table {
  return isTable(value) ? value : {}
}
