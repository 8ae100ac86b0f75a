import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect } from 'vitest'
import type { VmInfo } from '../../dist/runs/vm-info.js'
import { test } from '../helpers/e2e-test.js'
import { expectNothingLeft } from '../helpers/nothing-left.js'
import { processesOf } from '../helpers/processes.js'
import type { Sandbox } from '../helpers/sandbox.js'
import { until } from '../helpers/until.js'

// What is killed cannot clean up: nothing may be left all the same, nor keep the next run from its work.

// Ten random moments of a run, one in each 0.6 s; with an empty cache the first ones are those of making the image.
const moments = Array.from({ length: 10 }, (_, index) => Math.round((index + Math.random()) * 600))

describe.concurrent('after a kill -9 of rapido', () => {
  test.for([0, 1].map((odd) => ({ ms: moments.filter((_, index) => index % 2 === odd) })))(
    '$ms ms after its start nothing is left, and the next run passes',
    { timeout: 240_000 },
    async ({ ms: killedAtMs }, { boxWithOwnCache: box }) => {
      for (const [index, ms] of killedAtMs.entries()) {
        const run = box.rapido('run', 'simple', '-x', 'sleep 1000')
        run.start()
        await delay(ms)
        run.kill('SIGKILL')
        expect(await run.outcome()).toMatchObject({ status: 137 })
        await expectNothingLeft(box, { withinMs: 3000 })
        if (index % 2 === 0) await expectToPass(box) // and has an image then; the others are followed by one that is killed
      }
    },
  )
})

describe.concurrent('nothing is left, and the next run passes,', () => {
  test('when rapido and the keeper of its folder are killed together', async ({ box }) => {
    const run = box.rapido('run', 'simple', '-x', 'echo up; sleep 1000')
    await run.saying(/^up$/m)
    const keeper = processesOf(box.folder).find(({ commandLine }) => commandLine.includes('hold.sh'))
    process.kill(keeper?.pid ?? 0, 'SIGKILL')
    run.kill('SIGKILL')
    await run.outcome()
    await until(() => processesOf(box.folder).length === 0) // QEMU has gone with rapido; the folder has nobody to remove it
    expect(readdirSync(join(box.state, 'vms'))).toEqual(['1'])
    expect((await box.rapido('ps', '--json').outcome()).stdout).toBe('[]\n')
    await expectToPass(box)
  })

  test('when the supervisor of a VM in the background is killed', async ({ box }) => {
    expect(await box.rapido('boot', 'simple', '-d').outcome()).toMatchObject({ status: 0 })
    const [vm] = JSON.parse((await box.rapido('ps', '--json').outcome()).stdout) as VmInfo[]
    const exec = box.rapido('exec', '1', '--', 'sh', '-c', 'echo up; sleep 1000')
    await exec.saying(/^up$/m)
    process.kill(vm?.pid ?? 0, 'SIGKILL')
    expect(await exec.outcome()).toMatchObject({ status: 1, stderr: expect.stringContaining('vm1 went away') })
    await expectNothingLeft(box, { withinMs: 3000 })
    await expectToPass(box)
  })
})

async function expectToPass(box: Sandbox): Promise<void> {
  const run = await box.rapido('run', 'simple', '--json', 'result.json').outcome()
  expect(run).toMatchObject({ status: 0, stdout: expect.stringMatching(/^Hello from Linux \S+\n$/) })
  await expectNothingLeft(box)
}
