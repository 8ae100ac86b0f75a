import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { test } from '../helpers/e2e-test.js'

// vitest.config.ts lets it run alone: beside so many guests, others would be too slow for their tests.

test('twenty runs at once pass, each under its own number, with one image', { timeout: 300_000 }, async ({
  boxWithOwnCache: box,
}) => {
  const builds = box.file('builds', '')
  const dracut = (await box.command(['bash', '-c', 'type -P dracut']).outcome()).stdout.trim()
  box.file(
    'bin/dracut',
    `#!/bin/sh\ncase "$*" in *--kver*) echo build >>${builds} ;; esac\nexec ${dracut} "$@"\n`,
    0o755,
  )
  const path = `${join(box.work, 'bin')}:${process.env.PATH}`
  const runs = Array.from({ length: 20 }, () =>
    box.rapido('run', 'simple-net', '--set', 'vm.memory=256M', '--json', '-').env({ PATH: path }).outcome(),
  )
  const outcomes = await Promise.all(runs)
  expect(outcomes.map(({ status, stderr }) => (status === 0 ? 0 : stderr))).toEqual(outcomes.map(() => 0))
  const numbers = outcomes.map(({ stdout }) => JSON.parse(stdout.slice(stdout.indexOf('{'))).vm as number)
  expect(numbers.sort((one, other) => one - other)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1))
  expect(readdirSync(join(box.cache, 'images'))).toHaveLength(1)
  expect(readFileSync(builds, 'utf8')).toBe('build\n')
})
