import { join } from 'node:path'
import { holdFolder } from '../../build/host/hold.js'
import { packageFile } from '../../build/host/package-root.js'
import { run } from '../../build/host/run.js'
import { enterNetwork, joinPrivateNetwork } from '../../build/network/private.js'

const bridge = { name: 'rapido-br', addresses: ['192.168.155.1/24', 'fd72:6170:6964:6f::1/64'], mtu: undefined }

/** Milliseconds until a private network is up with a tap on its bridge, which is what it costs a boot. */
export async function networkMs(folder) {
  const stateDir = join(folder, 'network')
  const member = await holdFolder(join(stateDir, 'vms/1'), { wait: true }) // every VM has one, with a network or without
  const startedAt = performance.now()
  const network = await joinPrivateNetwork(bridge, { stateDir, member, others: [] })
  const tap = ['ip', 'tuntap', 'add', 'dev', 'rapido1.0', 'mode', 'tap']
  await succeed([...enterNetwork(network), ...tap])
  await succeed([...enterNetwork(network), packageFile('src/network/tap-up.sh'), 'rapido1.0'])
  const tookMs = performance.now() - startedAt
  await member.release()
  return tookMs
}

async function succeed([file, ...args]) {
  const env = { ...process.env, RAPIDO_BRIDGE: bridge.name, RAPIDO_MTU: '1500' }
  const { status, stderr } = await run(file, args, { env })
  if (status !== 0) throw new Error(`${[file, ...args].join(' ')}: ${stderr}`)
}
