const copy = 'cp /bin/bash /mnt/cephfs && cmp /bin/bash /mnt/cephfs/bash'

/** A throwaway Ceph cluster of three OSDs. */
export function ceph(rapido) {
  const limited = (what, unit, ours, limit) => ({ what, unit, ours, limit })
  return {
    title: 'starting Ceph clusters',
    maxRounds: 3,
    rows: [
      limited('rapido ceph up, three OSDs', 'ms', 'up', 6000),
      limited('rapido ceph down', 'ms', 'down', 1000),
      limited('memory of a Ceph cluster, after writing 256 MiB', 'MiB', 'memory', 500),
      limited('run cephfs, a file copied: image cached, no cluster', 'ms', 'run', 10_000),
    ],
    missing: async () => ((await rapido.isThere('cephfs')) ? undefined : 'Ceph'),
    measure: (rounds) => measure(rounds, rapido),
  }
}

async function measure(rounds, { timed, succeed, kernel }) {
  const samples = { up: [], down: [], memory: [], run: [] }
  for (let i = 0; i < rounds; i++) {
    samples.run.push(await timed(['run', 'cephfs', '-x', copy, ...kernel]))
    samples.up.push(await timed(['ceph', 'up', '--osds', '3', ...kernel]))
    try {
      if (i === 0) samples.memory.push(await memoryAfterWriting((...argv) => succeed([...argv, ...kernel])))
    } finally {
      samples.down.push(await timed(['ceph', 'down', '--force', ...kernel]))
    }
  }
  return samples
}

/** Resident memory of all daemons, in MiB, once their caches have something to hold. */
async function memoryAfterWriting(succeed) {
  const write = 'dd if=/dev/urandom of=/mnt/cephfs/data bs=1M count=256 conv=fsync'
  await succeed('run', 'cephfs', '-x', write, '-x', 'cat /mnt/cephfs/data >/dev/null')
  const { daemons } = JSON.parse(await succeed('ceph', 'status', '--json'))
  return daemons.reduce((sum, { residentMiB }) => sum + residentMiB, 0)
}
