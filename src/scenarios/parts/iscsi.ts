import assert from 'node:assert/strict'
import type { LoadResult, Vm } from '../../index.js'

/** What a load rests between two writes: both machines have other things to do, and often one CPU. */
export const pauseMs = 20

/** Seconds until I/O leaves a path that is gone: a ping is due, it is not answered, and the path is given up. */
const timeouts = { 'iscsi.noop_out_interval': 1, 'iscsi.noop_out_timeout': 1, 'iscsi.fast_io_fail_tmo': 1 }

/** How long that takes at most, without what a busy host adds. */
export const failoverMs = 1000 * Object.values(timeouts).reduce((sum, seconds) => sum + seconds)

/** A target and an initiator with two ways between them, whatever rapido.toml says. The LUN of the target's own disk is 3. */
export const twoWays = {
  target: { profile: 'lio', settings: { 'network.nics': 2, 'lio.size': '64M', 'disk.data.size': '64M' } },
  initiator: {
    profile: 'open-iscsi',
    settings: {
      'network.nics': 2,
      'iscsi.portal': 'target',
      'multipath.grouping': 'multibus',
      'multipath.policy': 'round-robin',
      'multipath.checker': 'tur', // which reads nothing
      'multipath.no_path_retry': 'queue',
      ...timeouts,
    },
  },
}

/** A path of a LUN, as the initiator has it. */
export interface LunPath {
  portal: string // "192.168.156.101:3261"
  isActive: boolean
  sectors: number // read and written
}

/** The paths of a LUN, sorted by their portals: the one through the last NIC is the last. */
export async function lunPaths(initiator: Vm, lun: number): Promise<LunPath[]> {
  const script = `set -e
    dmsetup status lun${lun}
    for link in /dev/disk/by-path/ip-*-lun-${lun}; do
      disk=$(readlink "$link")
      cd "/sys/class/block/\${disk##*/}"
      echo "$link $(<dev) $(<stat)"
    done`
  const [status = '', ...links] = (await initiator.succeed(script)).trim().split('\n')
  return links.sort().map((line) => {
    const [link = '', device, ...stat] = line.split(/\s+/)
    return {
      portal: link.replace(/.*\/ip-(.*)-iscsi-.*/, '$1'),
      isActive: status.includes(` ${device} A `), // "8:16 A 0": dm-mpath.c of the kernel
      sectors: Number(stat[2]) + Number(stat[6]), // Documentation/block/stat.rst
    }
  })
}

/** Waits until the paths of a LUN are these: true is active. Returns them. */
export async function expectPaths(initiator: Vm, lun: number, wanted: [boolean, boolean]): Promise<LunPath[]> {
  let paths: LunPath[] = []
  const holds = async () => {
    paths = await lunPaths(initiator, lun)
    return paths.length === wanted.length && paths.every(({ isActive }, index) => isActive === wanted[index])
  }
  const what = `paths of LUN ${lun} that are ${wanted.map((active) => (active ? 'active' : 'failed')).join(' and ')}`
  await initiator.waitUntil(holds, { what, timeoutMs: 40_000 })
  return paths
}

/** Fails unless each of these paths has done I/O between the two looks at it. */
export function assertUsed(before: LunPath[], after: LunPath[]): void {
  for (const [index, { portal, sectors }] of after.entries())
    assert.ok(sectors > (before[index]?.sectors ?? 0), `no I/O goes to ${portal}`)
}

/** Fails where a load has seen an error or a wrong block. */
export function assertIntact({ errors, mismatches, firstProblem }: LoadResult): void {
  assert.equal(errors, 0, `I/O errors: ${firstProblem}`)
  assert.equal(mismatches, 0, `blocks that are not as written: ${firstProblem}`)
}
