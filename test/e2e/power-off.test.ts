import { readFileSync } from 'node:fs'
import { describe, expect } from 'vitest'
import { boot } from '../../dist/index.js'
import { testOfSeveral as test } from '../helpers/e2e-test.js'

describe.concurrent('at its end', () => {
  test('a VM that has nothing outside of it is quit, once its processes are gone and all is unmounted', async ({
    box,
  }) => {
    await using vm = await boot('simple', box.options())
    // Whoever holds the mount has to go before it; the script says so on the console when that comes to pass.
    const holder = 'cd /mnt/busy; trap "echo gone >/dev/console; exit" TERM HUP; while :; do sleep 0.1; done'
    await vm.succeed(`mkdir /mnt/busy; mount -t ramfs none /mnt/busy; (${holder}) >/dev/null 2>&1 &`)
    await vm.succeed('. /run/rapido/helpers.sh; after_unmount report')
    await vm.succeed(
      `printf '#!/bin/bash\\ngrep -c busy /proc/mounts >/dev/console\\n' >/usr/bin/report; chmod +x /usr/bin/report`,
    )
    expect((await vm.stop()).kind).toBe('quit')
    const console = readFileSync(vm.consoleLog, 'utf8').replaceAll('\r', '')
    expect(console).toMatch(/^gone\n(.*\n)*0$/m)
    expect(console).not.toContain('reboot: Power down')
  })

  test('run.power_off = "always" lets the kernel power it off', async ({ box }) => {
    await using vm = await boot('simple', box.options({ 'run.power_off': 'always' }))
    expect((await vm.stop()).kind).toBe('powered-off')
    expect(readFileSync(vm.consoleLog, 'utf8')).toContain('reboot: Power down')
  })
})
