import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parse, parseDocument } from 'yaml'
import { githubProblems } from './github-workflow.js'
import { gitlabProblems } from './gitlab-pipeline.js'

const examples = yamlBlocks(readFileSync('docs/ci.md', 'utf8'))

test('docs/ci.md has a file for each of two CI systems, and says where it belongs', () => {
  expect(Object.keys(examples)).toEqual(['.github/workflows/kernel.yml', '.gitlab-ci.yml'])
})

test.each(Object.entries(examples))('%s is YAML, without a warning', (_path, text) => {
  const { errors, warnings } = parseDocument(text, { uniqueKeys: true })
  expect([...errors, ...warnings].map(({ message }) => message)).toEqual([])
})

test('the example for GitHub is a workflow', () => {
  expect(githubProblems(parse(examples['.github/workflows/kernel.yml'] ?? ''))).toEqual([])
})

test('the example for GitLab is a pipeline', () => {
  expect(gitlabProblems(parse(examples['.gitlab-ci.yml'] ?? ''))).toEqual([])
})

const job = { 'runs-on': 'ubuntu-24.04', steps: [{ run: 'make' }] }
const expression = (inside: string) => `\${{ ${inside} }}`
const workflow = (more: object) => ({ on: 'push', jobs: { build: job, ...more } })

test.each<[unknown, string]>([
  [undefined, 'it is not a table'],
  [{ jobs: { build: job } }, 'it has no trigger: "on"'],
  [{ on: ['pushed'], jobs: { build: job } }, 'there is no trigger pushed'],
  [{ on: 'push' }, 'it has no jobs'],
  [{ ...workflow({}), job: {} }, 'the workflow has no key job'],
  [workflow({ b: { ...job, 'runs-on': undefined } }), 'job b: it does not say what it runs-on'],
  [workflow({ b: { ...job, steps: [] } }), 'job b: it has no steps'],
  [workflow({ b: { ...job, script: 'make' } }), 'job b: it has no key script'],
  [workflow({ b: { ...job, needs: ['a'] } }), 'job b: it needs a'],
  [workflow({ b: { ...job, steps: [{ name: 'x' }] } }), 'job b: step 1: it needs one of uses and run'],
  [workflow({ b: { ...job, steps: [{ uses: 'a/b@v1', run: 'x' }] } }), 'job b: step 1: it needs one of uses and run'],
  [workflow({ b: { ...job, steps: [{ uses: 'checkout' }] } }), 'job b: step 1: uses checkout: no OWNER/ACTION@REF'],
  [workflow({ b: { ...job, steps: [{ run: 'x', with: {} }] } }), 'job b: step 1: with is for uses'],
  [workflow({ b: { ...job, env: { N: expression('matrix.n') } } }), 'job b: matrix.n: there is no matrix.n'],
  [workflow({ b: { ...job, if: expression('needs.a.result') } }), 'job b: needs.a.result: there is no needs.a'],
  [workflow({ b: { ...job, env: { N: expression('metrix.n') } } }), 'job b: metrix.n: there is no metrix'],
  [
    workflow({ b: { ...job, steps: [{ uses: 'actions/download-artifact@v8', with: { name: 'x' } }] } }),
    'nothing stores the artifact x',
  ],
])('GitHub: %j is told as "%s"', (wrong, problem) => {
  expect(githubProblems(wrong)).toEqual([problem])
})

const build = { stage: 'build', script: ['make'] }

test.each<[unknown, string]>([
  [[], 'it is not a table'],
  [{ stages: ['build'] }, 'it has no jobs'],
  [{ build, test: 'make' }, 'test is no job'],
  [{ build: { stage: 'build' } }, 'job build: it has no script'],
  [{ build: { ...build, script: [{ 'echo a': 'b' }] } }, 'job build: script is not a list of texts'],
  [{ build: { ...build, stage: 'make' } }, 'job build: there is no stage make'],
  [{ build: { ...build, steps: [] } }, 'job build: it has no key steps'],
  [{ build: { ...build, extends: '.all' } }, 'job build: it extends .all, which is not there'],
  [{ build: { ...build, needs: ['make'] } }, 'job build: it needs make'],
  [{ build: { ...build, needs: ['test'] }, test: { script: 'x' } }, 'job build: it needs test, of a later stage'],
  [{ build: { ...build, parallel: 0 } }, 'job build: parallel: 0'],
  [{ build: { ...build, when: 'ever' } }, 'job build: when: ever'],
  [{ build: { ...build, artifacts: { path: ['a'], paths: ['b'] } } }, 'job build: artifacts has no key path'],
  [{ build: { ...build, artifacts: { when: 'always' } } }, 'job build: artifacts stores nothing'],
  [{ build: { ...build, cache: { paths: ['~/.cache'] } } }, 'job build: cache: ~/.cache is outside of the project'],
])('GitLab: %j is told as "%s"', (wrong, problem) => {
  expect(gitlabProblems(wrong)).toEqual([problem])
})

/** The YAML blocks of a page by the path in their first line: "# .gitlab-ci.yml". */
function yamlBlocks(markdown: string): Record<string, string> {
  const blocks = [...markdown.matchAll(/^```yaml\n# (\S+)\n(.*?)^```$/gms)]
  return Object.fromEntries(blocks.map(([, path = '', text = '']) => [path, text]))
}
