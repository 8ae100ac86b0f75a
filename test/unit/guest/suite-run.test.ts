import { spawn } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { dir } from 'tmp-promise'
import { expect, test } from 'vitest'
import { type SuiteEvent, SuiteFrames } from '../../../src/runs/suite/frames.js'

const program = resolve('src/guest/suite-run')

/** Runs suite-run here and answers each start by its name; returns what it told, texts and bytes joined. */
async function runSuite(argv: string[], options: { folder: string; answer?: (test: string) => 'go' | 'stop' }) {
  const { folder, answer = () => 'go' } = options
  writeFileSync(join(folder, 'tainted'), '512\n')
  const child = spawn(program, argv, {
    cwd: folder,
    stdio: ['pipe', 'pipe', 'inherit'],
    env: {
      ...process.env,
      RAPIDO_SUITE_TOKEN: 'token',
      RAPIDO_SUITE_FOLDER: join(folder, 'suite'),
      RAPIDO_SUITE_TAINT: join(folder, 'tainted'),
      RESULT_BASE: join(folder, 'results'),
    },
  })
  const frames = new SuiteFrames('token')
  const told: SuiteEvent[] = []
  for await (const chunk of child.stdout) {
    for (const event of frames.feed(chunk)) {
      if (event.type === 'start') child.stdin.write(`${answer(event.test)}\n`)
      const last = told.at(-1)
      if (event.type === 'text' && last?.type === 'text') last.text += event.text
      else told.push(event)
    }
  }
  child.stdin.end()
  return told
}

async function folderWith(check: string): Promise<string> {
  const { path } = await dir({ unsafeCleanup: true })
  writeFileSync(join(path, 'check'), `#!/bin/bash\n${check}`)
  chmodSync(join(path, 'check'), 0o755)
  mkdirSync(join(path, 'suite'))
  return path
}

test('check calls logger before each test: its start is told, with the files of the one before it', async () => {
  const folder = await folderWith(`
    for test in generic/001 generic/002; do
      echo -n "$test "
      logger "run xfstest $test"
      mkdir -p $RESULT_BASE/generic
      echo "all of $test" >$RESULT_BASE/$test.full
      touch $RESULT_BASE/check.log
      echo ' 1s'
    done
    echo done`)
  expect(await runSuite(['check', '--', './check'], { folder })).toEqual([
    { type: 'text', text: 'generic/001 ' },
    { type: 'start', taint: 512, test: 'generic/001' },
    { type: 'text', text: ' 1s\ngeneric/002 ' },
    { type: 'file', path: 'generic/001.full', size: 19 },
    { type: 'bytes', bytes: Buffer.from('all of generic/001\n') },
    { type: 'start', taint: 512, test: 'generic/002' },
    { type: 'text', text: ' 1s\ndone\n' },
    { type: 'file', path: 'generic/002.full', size: 19 },
    { type: 'bytes', bytes: Buffer.from('all of generic/002\n') },
    { type: 'end', status: 0, taint: 512 },
  ])
})
