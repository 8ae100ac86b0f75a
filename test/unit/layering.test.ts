import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import ts from 'typescript'
import { expect, test } from 'vitest'

// What each part of src/ may import besides its own folder (docs/architecture.md). A part is a folder, or a file of src/ itself.
const mayImport: Record<string, string[]> = {
  main: ['cli', 'host', 'errors'],
  index: ['runs', 'machine', 'image', 'network', 'ceph', 'report', 'plan', 'config', 'host', 'errors'],
  scenarios: ['index'], // as a user's own
  cli: ['runs', 'machine', 'image', 'network', 'ceph', 'report', 'plan', 'config', 'host', 'errors'],
  runs: ['machine', 'image', 'network', 'ceph', 'report', 'plan', 'config', 'host', 'errors'],
  machine: ['report', 'plan', 'config', 'host', 'errors'],
  image: ['report', 'plan', 'config', 'host', 'errors'],
  network: ['report', 'plan', 'config', 'host', 'errors'],
  ceph: ['report', 'plan', 'config', 'host', 'errors'],
  plan: ['config', 'errors'],
  config: ['host', 'errors'],
  report: [],
  host: ['errors'],
  errors: [],
}

const spawning = ['node:child_process', 'execa', 'node-pty'] // for host/ alone
const pure = ['node:path', 'node:crypto', 'node:util', 'node:buffer'] // all that plan/ may have from outside
const writers = ['cli', 'main'] // who may write to the terminal

test('src/ imports point one way', () => {
  const files = readdirSync('src', { encoding: 'utf8', recursive: true }).filter((name) => name.endsWith('.ts'))
  const sources = files.map((name) => ({ file: join('src', name), text: readFileSync(join('src', name), 'utf8') }))
  expect(sources.length).toBeGreaterThan(0)
  expect(sources.flatMap(violations)).toEqual([])
})

test.each([
  ['src/plan/a.ts', "import type { B } from '../host/b.js'", 'plan may not import host: only config, errors'],
  ['src/plan/a.ts', "const b = await import('node:fs')", 'plan is pure: it may not import node:fs'],
  ['src/plan/a.ts', 'const home = process.env.HOME', 'plan is pure: it may not look at process.env'],
  ['src/machine/a.ts', "export { b } from '../image/b.js'", 'machine may not import image: only report, plan, config'],
  ['src/runs/a.ts', "await import('execa')", 'runs may not import execa: spawning is for host/'],
  ['src/report/a.ts', "import { b } from '../errors.js'", 'report may not import errors: only its own folder'],
  ['src/index.ts', "import './cli/b.js'", 'index may not import cli: only runs'],
  ['src/runs/a.ts', 'console.log(1)', 'runs may not write to the terminal (console.log): only cli, main'],
  ['src/runs/a.ts', 'process.stderr.write("")', 'runs may not write to the terminal (process.stderr): only cli, main'],
  ['src/tools/a.ts', '', 'tools is no part of src/ that'],
])('%s must not have: %s', (file, text, message) => {
  expect(violations({ file, text })).toEqual([expect.stringContaining(`${file}:1: ${message}`)])
})

test.each([
  ['src/plan/a.ts', "import { b } from '../config/b.js'"],
  ['src/host/a.ts', "await import('execa')"],
  ['src/cli/list.ts', "import { a } from '../errors.js'; process.stdout.write(a)"],
  ['src/machine/a.ts', 'const console = open(); console.attach()'],
])('%s may have: %s', (file, text) => {
  expect(violations({ file, text })).toEqual([])
})

/** What is wrong in one source file: "FILE:LINE: WHAT". */
function violations({ file, text }: { file: string; text: string }): string[] {
  const part = partOf(file)
  if (!(part in mayImport)) return [`${file}:1: ${part} is no part of src/ that test/unit/layering.test.ts knows`]
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest)
  const at = (position: number, what: string) =>
    `${file}:${source.getLineAndCharacterOfPosition(position).line + 1}: ${what}`

  const found = ts.preProcessFile(text).importedFiles.flatMap((reference) => {
    const what = importViolation(part, file, reference.fileName)
    return what === undefined ? [] : [at(reference.pos, what)]
  })
  const visit = (node: ts.Node): void => {
    const what = accessViolation(part, node)
    if (what !== undefined) found.push(at(node.getStart(source), what))
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

function importViolation(part: string, file: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) {
    if (part === 'plan' && !pure.includes(specifier)) return `plan is pure: it may not import ${specifier}`
    const spawns = part !== 'host' && spawning.includes(specifier)
    return spawns ? `${part} may not import ${specifier}: spawning is for host/` : undefined
  }
  const target = partOf(normalize(join(dirname(file), specifier)))
  const allowed = mayImport[part] ?? []
  if (target === part || allowed.includes(target)) return undefined
  return `${part} may not import ${target}: only ${allowed.length === 0 ? 'its own folder' : allowed.join(', ')}`
}

function accessViolation(part: string, node: ts.Node): string | undefined {
  if (!ts.isPropertyAccessExpression(node) || !ts.isIdentifier(node.expression)) return undefined
  const access = `${node.expression.text}.${node.name.text}`
  const prints =
    /^process\.(stdout|stderr)$/.test(access) || /^console\.(log|info|warn|error|debug|trace|table|dir)$/.test(access)
  if (prints && !writers.includes(part))
    return `${part} may not write to the terminal (${access}): only ${writers.join(', ')}`
  return part === 'plan' && access.startsWith('process.') ? `plan is pure: it may not look at ${access}` : undefined
}

/** "src/cli/commands/boot.ts" → "cli", "src/errors.ts" → "errors". */
function partOf(file: string): string {
  return (file.split('/')[1] ?? '').replace(/\.[jt]s$/, '')
}
