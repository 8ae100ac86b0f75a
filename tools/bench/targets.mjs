import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * How long SCSI targets, their initiator and a USB gadget take until boot.sh has ended, in ms, beside `simple`. `run` is
 * `rapido run` with these arguments, which must succeed; `succeed` any rapido, whose output it returns.
 */
export async function measureTargets(rounds, { folder, run, succeed }) {
  const samples = { simple: [], lio: [], gadget: [], initiator: [] }
  const ready = async (profile, ...argv) => {
    const report = join(folder, 'ready.json')
    await run(profile, '--json', report, ...argv)
    const { steps } = JSON.parse(readFileSync(report, 'utf8'))
    const [boot, script] = ['boot', 'boot.sh'].map((name) => steps.find((step) => step.name === name).durationMs)
    return boot + script
  }
  const vm = /^\d+$/m.exec(await succeed('boot', 'lio', '--detach'))[0]
  try {
    const portal = ['--set', `iscsi.portal=rapido${vm}`]
    for (let i = 0; i < rounds; i++) {
      samples.simple.push(await ready('simple'))
      samples.lio.push(await ready('lio'))
      samples.gadget.push(await ready('usb-gadget'))
      samples.initiator.push(await ready('open-iscsi', ...portal))
    }
  } finally {
    await succeed('stop', vm)
  }
  return samples
}
