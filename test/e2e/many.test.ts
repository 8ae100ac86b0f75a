import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { test } from '../helpers/e2e-test.js'

// vitest.config.ts lets it run alone: beside so many guests, others would be too slow for their tests.

if (process.env.RAPIDO_START === 'cold') process.env.RAPIDO_START = 'warm' // an image for each is made one after the other

test('twenty runs at once pass, each with its own number and addresses on one network, with one image', {
  timeout: 300_000,
}, async ({ boxWithOwnCache: box }) => {
  const builds = box.file('builds', '')
  const dracut = (await box.command(['bash', '-c', 'type -P dracut']).outcome()).stdout.trim()
  box.file(
    'bin/dracut',
    `#!/bin/sh\ncase "$*" in *--kver*) echo build >>${builds} ;; esac\nexec ${dracut} "$@"\n`,
    0o755,
  )
  const tell = 'ping -c 1 host >/dev/null && cat /sys/class/net/eth0/address && ip -brief -4 address show dev eth0'
  const path = `${join(box.work, 'bin')}:${process.env.PATH}`
  const runs = Array.from({ length: 20 }, () =>
    box
      .rapido('run', 'simple-net', '-x', tell, '--set', 'vm.memory=256M', '--set', 'vm.cpus=1', '--json', '-')
      .env({ PATH: path })
      .outcome(),
  )
  const outcomes = await Promise.all(runs)
  expect(outcomes.map(({ status, stderr }) => (status === 0 ? 0 : stderr))).toEqual(outcomes.map(() => 0))
  const results = outcomes.map(({ stdout }) => JSON.parse(stdout.slice(stdout.indexOf('{\n'))))
  const told = results.map(({ vm, steps }) => [vm, ...steps.at(-1).stdout.trim().split(/\s+/)])
  const expected = Array.from({ length: 20 }, (_, index) => {
    const hex = (index + 1).toString(16).padStart(2, '0')
    return [index + 1, `02:72:70:00:00:${hex}`, 'eth0', 'UP', `192.168.155.${101 + index}/24`]
  })
  expect(told.sort(([one], [other]) => one - other)).toEqual(expected)
  expect(readdirSync(join(box.cache, 'images'))).toHaveLength(1)
  expect(readFileSync(builds, 'utf8')).toBe('build\n')
})
