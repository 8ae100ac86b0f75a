import { describe, expect } from 'vitest'
import { run } from '../../dist/index.js'
import type { RunResult } from '../../dist/report/result.js'
import { testOfSeveral as test } from '../helpers/e2e-test.js'
import { expectNothingLeft } from '../helpers/nothing-left.js'

// Several VMs in one go: some of a kind, or the machines of a group with their roles.

const network = 'network = "bridge"\n[image]\ninstall = ["cat", "head"]\ninstall_optional = ["ping"]'
const group = '[group]\ntarget = "server"\ninitiator = "client"\n'

describe.concurrent('several VMs', () => {
  test('boot together in the background, and are ready when all are', async ({ box }) => {
    const booted = await box.rapido('boot', '-n', '2', 'simple-net', '--detach').outcome()
    expect(booted).toMatchObject({ status: 0, stdout: '1\n2\n' })
    expect(await box.rapido('exec', '1', '--', 'ping', '-c', '1', 'rapido2').outcome()).toMatchObject({ status: 0 })
    await box.rapido('stop', '--all').outcome()
    await expectNothingLeft(box, { withinMs: 3000 })
  })

  test('are none when one fails', async ({ box }) => {
    box.profile('second-fails', { bootScript: '((RAPIDO_VM == 1))' })
    const booted = await box.rapido('boot', '-n', '2', 'second-fails', '--detach').outcome()
    expect(booted).toMatchObject({
      status: 1,
      stdout: '',
      stderr: expect.stringMatching(/[12]: boot\.sh failed with status 1/),
    })
    await expectNothingLeft(box, { withinMs: 3000 })
  })

  test('of a group know each other by role, boot in their order, and run what is for each', async ({ box }) => {
    box.profile('server', { toml: network, bootScript: 'echo serving as $RAPIDO_ROLE' })
    box.profile('client', { toml: network, bootScript: 'echo using; cat /etc/hosts >/dev/null' })
    box.profile('pair', { toml: group })
    const commands = ['-x', 'initiator: ping -c 1 target | head -n 1', '-x', 'echo here is $RAPIDO_ROLE']
    const args = ['run', 'pair', ...commands, '--json', 'result.json', '--junit', 'result.xml']
    const outcome = await box.rapido(...args).outcome()
    expect(outcome, outcome.stderr).toMatchObject({ status: 0 })
    const lines = outcome.stdout.trimEnd().split('\n')
    expect(lines.slice(0, 2)).toEqual(['target: serving as target', 'initiator: using'])
    expect(lines[2]).toMatch(/^initiator: PING target/)
    expect(lines.slice(3).sort()).toEqual(['initiator: here is initiator', 'target: here is target'])
    await expectNothingLeft(box, { withinMs: 3000 }) // the network goes a moment after its last member

    const detached = await box.rapido('boot', 'pair', '-d').outcome()
    expect(detached).toMatchObject({ status: 0, stdout: '1\n2\n' })
    expect(detached.stderr).toMatch(/target \(vm1\) is ready.*\n.*initiator \(vm2\) is ready/)
    const ping = await box.rapido('exec', '2', '--', 'ping', '-c', '1', 'target').outcome()
    expect(ping).toMatchObject({ status: 0 })
    await box.rapido('stop', '--all').outcome()
  })

  test("report one's crash as that one's, at once, while another is at work", async ({ box }) => {
    box.profile('one', {})
    box.profile('other', {})
    box.profile('pair', { toml: '[group]\ntarget = "one"\ninitiator = "other"\n' })
    const startedAt = performance.now()
    const result: RunResult = await run('pair', {
      ...box.options(),
      commands: ['[[ $RAPIDO_ROLE == target ]] && echo c >/proc/sysrq-trigger; sleep 1000'],
    })
    expect(performance.now() - startedAt).toBeLessThan(60_000)
    expect(result.verdict).toMatchObject({
      kind: 'crash',
      reason: expect.stringMatching(/^target: .*sysrq triggered crash/),
    })
    expect(result.incidents).toMatchObject([{ role: 'target', kind: 'panic' }])
    expect(result.machines.map(({ role, profile }) => [role, profile])).toEqual([
      ['target', 'one'],
      ['initiator', 'other'],
    ])
    expect(result.consoleLog).toBe(result.machines[0]?.consoleLog)
    await expectNothingLeft(box)
  })

  test('are as many as wanted, each with its number', async ({ box }) => {
    const count = 12
    const run = await box.rapido('run', 'simple', '-n', String(count), '-x', 'echo $RAPIDO_VM').outcome()
    expect(run.status, run.stderr).toBe(0)
    expect(run.stderr).not.toMatch(/warning/i)
    const told = run.stdout.match(/^\d+: \d+$/gm)?.map((line) => line.split(': ').map(Number)) ?? []
    const upTo = Array.from({ length: count }, (_, index) => index + 1)
    expect(told.map(([role]) => role).sort((a = 0, b = 0) => a - b)).toEqual(upTo)
    expect(new Set(told.map(([, vm]) => vm)).size).toBe(count)
    await expectNothingLeft(box)
  })

  test('have no console to share', async ({ box }) => {
    expect(await box.rapido('boot', 'simple', '-n', '2').outcome()).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('--detach'),
    })
    expect(await box.rapido('boot', 'simple', '-n', '2', '-d', '--number', '4').outcome()).toMatchObject({ status: 2 })
  })
})
