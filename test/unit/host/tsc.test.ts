import { mkdirSync, writeFileSync } from 'node:fs'
import { dir } from 'tmp-promise'
import { expect, test } from 'vitest'
import { hostTscKHz } from '../../../src/host/tsc.js'

const cpu = (bogomips: string) =>
  `processor\t: 0\nmodel name\t: AMD EPYC\ncpu MHz\t\t: 1500.000\n${bogomips}\nclflush size\t: 64\n\n`
const epyc = cpu('bogomips\t: 5192.24')

test.each<[string, { clocksources?: string; cpuinfo?: string; arch?: string }, number | undefined]>([
  ['is half the bogomips, whatever the CPU runs at now', {}, 2_596_120],
  ['is that of the first of many', { cpuinfo: epyc.repeat(200) }, 2_596_120],
  ['is nothing to go by where the kernel gave it up', { clocksources: 'hpet acpi_pm \n' }, undefined],
  ['is not known where the host does not tell', { cpuinfo: 'processor : 0\n' }, undefined],
  ['is not that of another architecture', { arch: 'arm64' }, undefined],
])('the TSC of a host %s', async (_, { clocksources = 'tsc kvm-clock \n', cpuinfo = epyc, arch = 'x64' }, expected) => {
  await using host = await hostWith({ clocksources, cpuinfo })
  expect(hostTscKHz(host.root, arch)).toBe(expected)
})

test('a host that hides its clocks has no TSC', () => {
  expect(hostTscKHz('/nowhere/', 'x64')).toBeUndefined()
})

async function hostWith(files: { clocksources: string; cpuinfo: string }) {
  const { path, cleanup } = await dir({ unsafeCleanup: true })
  const folder = `${path}/sys/devices/system/clocksource/clocksource0`
  mkdirSync(folder, { recursive: true })
  mkdirSync(`${path}/proc`)
  writeFileSync(`${folder}/available_clocksource`, files.clocksources)
  writeFileSync(`${path}/proc/cpuinfo`, files.cpuinfo)
  return { root: `${path}/`, [Symbol.asyncDispose]: cleanup }
}
