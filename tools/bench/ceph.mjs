/**
 * Measures a throwaway Ceph cluster of three OSDs. `succeed` runs rapido, which must succeed, and returns what it prints;
 * `timed` the milliseconds that it took.
 */
export async function measureCeph(rounds, { succeed, timed }) {
  const samples = { up: [], down: [], memory: [], run: [] }
  for (let i = 0; i < rounds; i++) {
    samples.run.push(await timed('run', 'cephfs', '-x', 'cp /bin/bash /mnt/cephfs && cmp /bin/bash /mnt/cephfs/bash'))
    samples.up.push(await timed('ceph', 'up', '--osds', '3'))
    try {
      if (i === 0) samples.memory.push(await memoryAfterWriting(succeed))
    } finally {
      samples.down.push(await timed('ceph', 'down', '--force'))
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
