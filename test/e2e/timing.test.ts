import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { test } from '../helpers/e2e-test.js'
import { expectNothingLeft } from '../helpers/nothing-left.js'

process.env.RAPIDO_START = 'snapshot' // whatever the other tests are run with

const booted = ['QEMU starts', 'kernel', 'init and agent', 'identity, network, disks', 'boot.sh', 'commands']

test('where the time of a run went is told, plotted and in the JSON', async ({ box }) => {
  const argv = ['run', 'simple', '-x', 'sleep 1', '--cold', '--timing=run.svg', '--json', 'run.json']
  const run = await box.rapido(...argv).outcome()
  expect(run.status, run.stderr).toBe(0)
  const told = [...run.stderr.matchAll(/^ +(\d+) ms {2}(.*)$/gm)].map(([, ms, name]) => ({ ms: Number(ms), name }))
  expect(told.map(({ name }) => name).filter((name) => booted.includes(name as string))).toEqual(booted)
  expect(told.find(({ name }) => name === 'commands')?.ms).toBeGreaterThanOrEqual(1000)
  const ofPhases = told.slice(0, -1).reduce((sum, { ms }) => sum + ms, 0)
  expect(Math.abs((told.at(-1)?.ms ?? 0) - ofPhases)).toBeLessThanOrEqual(told.length) // they are rounded

  const { timing } = JSON.parse(readFileSync(join(box.work, 'run.json'), 'utf8'))
  expect(timing.map(({ name }: { name: string }) => name)).toEqual(told.slice(0, -1).map(({ name }) => name))
  expect(readFileSync(join(box.work, 'run.svg'), 'utf8')).toMatch(/^<svg .*>kernel<\/text>.*<\/svg>\n$/s)
  await expectNothingLeft(box)
})

test('where the time of a boot went is told before the shell comes up', async ({ box }) => {
  const terminal = box.terminal(['boot', 'simple', '--timing'])
  await terminal.expect(/ms {2}(?:kernel|snapshot restored)\r\n.* ms {2}boot\.sh\r\n.* ms {2}all\r\n.*rapido\d+:~# /s)
  terminal.type('exit\r')
  expect(await terminal.ended).toBe(0)
  await expectNothingLeft(box)
})
