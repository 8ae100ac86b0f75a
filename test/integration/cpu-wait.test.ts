import { spawn } from 'node:child_process'
import { expect, test } from 'vitest'
import { untilGiven } from '../../src/host/cpu-wait.js'

test('time without a CPU does not count, time asleep does', async () => {
  const start = (script: string) => spawn('taskset', ['-c', '0', 'bash', '-c', script], { stdio: 'ignore' })
  const busy = Array.from({ length: 4 }, () => start('while :; do :; done'))
  const idle = start('exec sleep 1000')
  const startedAt = performance.now()
  const given = async ({ pid = 0 }: { pid?: number | undefined }) => {
    const waitedMs = await untilGiven(500, { pid, signal: AbortSignal.timeout(30_000) })
    return { waitedMs, passedMs: performance.now() - startedAt }
  }
  try {
    const [slow, asleep, nobody] = await Promise.all([given(busy[0] ?? {}), given(idle), given({ pid: 2 ** 22 + 1 })])
    expect(slow.waitedMs).toBeGreaterThan(700) // 1500 where nobody else wants that CPU: a quarter of it is ours
    expect(slow.passedMs).toBeGreaterThan(1200)
    expect(asleep.waitedMs).toBeLessThan(300)
    expect(nobody.waitedMs).toBe(0)
  } finally {
    for (const child of [...busy, idle]) child.kill('SIGKILL')
  }
})

test('the wait ends when it is aborted', async () => {
  const waiting = untilGiven(Number.POSITIVE_INFINITY, { pid: process.pid, signal: AbortSignal.timeout(100) })
  await expect(waiting).rejects.toThrow(/abort/)
})
