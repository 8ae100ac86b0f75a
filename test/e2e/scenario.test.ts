import { cpSync, existsSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { testOfSeveral as test } from '../helpers/e2e-test.js'
import { expectNothingLeft } from '../helpers/nothing-left.js'
import { packageFolder } from '../helpers/places.js'
import type { Sandbox } from '../helpers/sandbox.js'

// `rapido scenario`: those that come with it, and what becomes of one that goes wrong.

describe('shipped', () => {
  // multipath-failover is run by readme.test.ts.
  test.for(['multipath-all-paths-down', 'multipath-slow-path', 'multipath-alua'])(
    '%s passes, and tells what it measured',
    { timeout: 240_000 },
    async (name, { box }) => {
      const run = await box.rapido('scenario', name, '--json', '-').outcome()
      expect(run, run.stderr).toMatchObject({ status: 0 })
      const result = JSON.parse(run.stdout.slice(run.stdout.indexOf('{\n')))
      expect(result.verdict.kind).toBe('pass')
      expect(result.steps.length).toBeGreaterThan(4)
      expect(result.notes.join('\n')).toMatch(/\d+ (ms|operations)/)
    },
  )

  test('multipath-failover fails where multipathd does nothing, and says what it waited for', {
    timeout: 240_000,
  }, async ({ box }) => {
    cpSync(join(packageFolder, 'profiles/multipath'), join(box.work, 'profiles/multipath'), { recursive: true })
    const bootScript = readFileSync(join(packageFolder, 'profiles/multipath/boot.sh'), 'utf8')
    box.file('profiles/multipath/boot.sh', `${bootScript}kill -STOP $(pgrep multipathd)\n`)
    const run = await box.rapido('scenario', 'multipath-failover').outcome()
    expect(run.status).toBe(5)
    expect(run.stderr).toMatch(/^FAIL {2}hda comes back and is used again/m)
    expect(run.stderr).toMatch(
      /multipath-failover\.js:\d+, in step "hda comes back.*2 active and 0 failed paths of mpatha/,
    )
  })

  test('multipath-failover fails where drive_del does nothing, and says so', { timeout: 240_000 }, async ({ box }) => {
    box.file('rapido.toml', `[qemu]\nbinary = "${deafQemu(box)}"\n`)
    const run = await box.rapido('scenario', 'multipath-failover').outcome()
    expect(run.status).toBe(3)
    expect(run.stderr).toMatch(/^FAIL {2}I\/O goes on while hda is cut/m)
    expect(run.stderr).toMatch(/in step "I\/O goes on while hda is cut": drive_del hda had no effect/)
  })
})

describe.concurrent('a scenario', () => {
  test('runs its machines by role, step by step, and reports', async ({ box }) => {
    box.profile('tiny', { toml: '[image]\ninstall = ["cat"]' })
    symlinkSync(join(packageFolder, 'node_modules'), join(box.work, 'node_modules'))
    box.file(
      'two.mts',
      [
        "import { expect } from 'vitest'",
        "import { scenario, type Vm } from 'rapido-vm'",
        'const nameOf = (vm: Vm): Promise<string> => vm.succeed("echo $RAPIDO_ROLE")',
        'export default scenario({',
        "  machines: { target: 'tiny', initiator: { profile: 'tiny', settings: { 'guest.env.COLOUR': 'red' } } },",
        '  async run({ target, initiator }, { step, note }) {',
        "    await step('each knows itself', async () => {",
        "      expect(await nameOf(target)).toBe('target\\n')",
        "      expect(await initiator.succeed('echo $COLOUR')).toBe('red\\n')",
        '    })',
        "    await step('one ends, the other goes on', async () => {",
        "      await target.fault('power-cut')",
        "      await initiator.succeed('true')",
        "      await initiator.fail('false')",
        '    })',
        "    note('all is well')",
        '  },',
        '})',
      ].join('\n'),
    )
    const run = await box.rapido('scenario', './two.mts', '--junit', 'out.xml').outcome()
    expect(run, run.stderr).toMatchObject({ status: 0 })
    expect(run.stderr).toMatch(
      /^ok {4}each knows itself {2}[\d.]+ s\nok {4}one ends, the other goes on .*\npass {2}two on .*\n {2}all is well$/m,
    )
    expect(readFileSync(join(box.work, 'out.xml'), 'utf8')).toContain('name="one ends, the other goes on"')
  })

  test('whose assertion fails says where, shows the console, and keeps what is left', async ({ box }) => {
    const body =
      "await step('sums', async () => {\nawait guest.succeed('echo seen >/dev/console')\nawait guest.waitForConsole(/seen/, { timeoutMs: 5000 })\nassert.equal(1 + 1, 3)\n})"
    const run = await runScenario(box, body, '--json', 'out.json')
    expect(run.status).toBe(1)
    expect(run.stderr).toMatch(/^FAIL {2}sums .*\nfail {2}mine on /m)
    expect(run.stderr).toMatch(/mine\.ts:9, in step "sums": Expected values to be strictly equal:\s+2 !== 3/)
    expect(run.stderr).toMatch(/the console said last:[\s\S]* seen\n/)
    const { kept, verdict } = JSON.parse(readFileSync(join(box.work, 'out.json'), 'utf8'))
    expect(verdict.kind).toBe('fail')
    expect(run.stderr).toContain(`all of it: ${kept}`)
    expect(existsSync(join(kept, 'result.json'))).toBe(true)
  })

  test.for<[string, string, number, RegExp]>([
    ['panics', "await guest.succeed('echo c >/proc/sysrq-trigger')", 4, /^crash {2}mine .*\n {2}Kernel panic/m],
    [
      'panics while nobody talks to it',
      "guest.start('sleep 1; echo c >/proc/sysrq-trigger')\nawait new Promise(() => {})",
      4,
      /Kernel panic/,
    ],
    [
      'loses its QEMU',
      "process.kill(guest.machine.pid, 'SIGKILL')\nawait guest.succeed('true')",
      3,
      /QEMU was killed by signal 9/,
    ],
    [
      'waits in vain',
      "await guest.waitFor('false', { timeoutMs: 1500 })",
      5,
      /^timeout [\s\S]*mine\.ts:6: vm1: false did not come true within 1s500ms/m,
    ],
    [
      'waits in vain for the console',
      'await guest.waitForConsole(/never/, { timeoutMs: 1500 })',
      5,
      /mine\.ts:6: vm1: \/never\/ on the console/,
    ],
    ['has a command that fails', "await guest.succeed('exit 3')", 1, /mine\.ts:6: vm1: status 3 from: exit 3/],
    [
      'has a command that should fail',
      "await guest.fail('true')",
      1,
      /mine\.ts:6: vm1: it succeeded, and should have failed/,
    ],
    [
      'names no fault',
      "await guest.fault('path-ded' as never)",
      2,
      /mine\.ts:6: no fault "path-ded"; did you mean "path-dead"/,
    ],
    ['calls what is not there', 'await (guest as any).fualt()', 2, /mine\.ts:6: TypeError: .*fualt is not a function/],
  ])('that %s has its verdict', async ([, body, status, message], { box }) => {
    const run = await runScenario(box, body)
    expect(run, run.stderr).toMatchObject({ status, stderr: expect.stringMatching(message) })
    await expectNothingLeft(box)
  })

  test.for(["await guest.exec('sleep 1000')", 'await new Promise((done) => setTimeout(done, 100_000))'])(
    'that takes too long ends in time: %s',
    async (body, { box }) => {
      const run = await runScenario(box, body, '--timeout', '15s')
      expect(run).toMatchObject({ status: 5, stderr: expect.stringContaining('longer than 15s') })
      expect(run.durationMs).toBeLessThan(40_000)
      await expectNothingLeft(box)
    },
  )

  test('that forgets to wait for what fails does not pass', async ({ box }) => {
    const body = "void guest.succeed('exit 3')\nawait guest.exec('sleep 10')"
    const run = await runScenario(box, body, '--junit', 'out.xml')
    expect(run).toMatchObject({ status: 1, stderr: expect.stringMatching(/mine\.ts:6: vm1: status 3 from: exit 3/) })
    expect(existsSync(join(box.work, 'out.xml'))).toBe(true)
  })

  test('is interrupted by Ctrl-C, and leaves nothing', async ({ box }) => {
    box.profile('tiny', { bootScript: 'echo up' })
    box.file('mine.mjs', "export default { machines: { a: 'tiny' }, run: ({ a }) => a.exec('sleep 1000') }\n")
    const run = box.rapido('scenario', './mine.mjs')
    await run.saying(/^up$/m)
    run.kill('SIGINT')
    expect(await run.outcome()).toMatchObject({ status: 130 })
    await expectNothingLeft(box)
  })

  test.for<[string, string, RegExp]>([
    ['is not there', '', /no scenario .*bad\.ts: no such file/],
    ['is not TypeScript', 'const a = \nfoo(((\n', /bad\.ts:2:\d+: Expression expected/],
    ['has what only a compiler can do', 'enum A { B }\n', /bad\.ts:1:\d+: TypeScript enum is not supported/],
    [
      'imports what is not there',
      "import x from 'no-such-package'\n",
      /bad\.ts.*Cannot find package 'no-such-package'/,
    ],
    ['throws at once', "throw new Error('early')\n", /bad\.ts:1: Error: early/],
    ['is none', 'export default 7\n', /bad\.ts is no scenario\n.*export default scenario/],
    [
      'has no such profile',
      "export default { machines: { a: 'simpel' }, run() {} }\n",
      /no profile "simpel"; did you mean "simple"/,
    ],
  ])('that %s boots nothing', async ([, text, message], { box }) => {
    if (text !== '') box.file('bad.ts', text)
    const run = await box.rapido('scenario', './bad.ts').outcome()
    expect(run).toMatchObject({ status: 2, stdout: '', stderr: expect.stringMatching(message) })
    await expectNothingLeft(box)
  })

  test('with --shell-on-failure has a console to look around on', async ({ box }) => {
    box.profile('tiny', {})
    const body = "a.succeed('echo seen >/run/seen; exit 3')"
    box.file('mine.mjs', `export default { machines: { a: 'tiny' }, run: ({ a }) => ${body} }\n`)
    const terminal = box.terminal(['scenario', './mine.mjs', '--shell-on-failure'])
    await terminal.expect(/it failed; here is the guest as it is now/)
    await terminal.expect(/rapido1:~# /)
    terminal.type('cat /run/seen\r')
    await terminal.expect(/\nseen/)
    terminal.type('exit\r')
    await terminal.expect(/mine on \S+, after/) // in colour
    expect(await terminal.ended).toBe(1)
  })

  test('that comes with rapido is found by its name', async ({ box }) => {
    const list = await box.rapido('scenario').outcome()
    expect(list.stdout).toMatch(/^multipath-failover +\S/m)
    expect(await box.rapido('scenario', 'multipath-failver').outcome()).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('did you mean "multipath-failover"?'),
    })
  })
})

/** Writes a scenario with one machine, of a profile that boots fast, and runs it. Its body begins in line 6. */
async function runScenario(box: Sandbox, body: string, ...args: string[]) {
  box.profile('tiny', {})
  const lines = [
    "import assert from 'node:assert/strict'",
    "import { scenario } from 'rapido-vm'",
    'export default scenario({',
    "  machines: { guest: 'tiny' },",
    '  async run({ guest }, { step, note }) {',
    body,
    '  },',
    '})',
  ]
  box.file('mine.ts', `${lines.join('\n')}\n`)
  return box.rapido('scenario', './mine.ts', ...args).outcome()
}

/** A QEMU whose monitor answers drive_del, and does nothing. */
function deafQemu(box: Sandbox): string {
  const script = join(packageFolder, 'test/fixtures/deaf-qemu.mjs')
  return box.file('bin/qemu', `#!/bin/sh\nexec ${process.execPath} ${script} "$@"\n`, 0o755)
}
