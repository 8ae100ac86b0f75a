import { join } from 'node:path'
import { dir } from 'tmp-promise'
import { expect, test } from 'vitest'
import { ensureCluster } from '../../src/ceph/start-cluster.js'
import { loadSettings } from '../../src/config/load.js'
import { holdFolder } from '../../src/host/hold.js'
import { cephFiles } from '../../src/plan/state-files.js'
import { until } from '../helpers/until.js'

test('who waits for a Ceph cluster that another makes is told so, once, and may stop waiting', async () => {
  const { path: root, cleanup } = await dir({ unsafeCleanup: true })
  const { settings } = await loadSettings({ cwd: root, home: root, env: { XDG_STATE_HOME: root } })
  const { folder } = cephFiles(settings.paths.state)
  const [maker, member] = await Promise.all([folder, join(root, 'vm')].map((path) => holdFolder(path, { wait: false })))
  if (maker === undefined || member === undefined) throw new Error('a folder in a new one is held')
  const stop = new AbortController()
  const told: string[] = []
  try {
    const waiting = ensureCluster(settings, {
      network: { folder: undefined, enter: [], tcp: [] },
      member,
      keep: false,
      shape: {},
      signal: stop.signal,
      tell: (what) => told.push(what),
    })
    const stopped = expect(waiting).rejects.toThrow('enough')
    await until(() => told.length > 0)
    setTimeout(() => stop.abort(new Error('enough')), 500) // it looks again every tenth of a second
    await stopped
    expect(told).toEqual(['waiting for the Ceph cluster, which another rapido makes'])
  } finally {
    stop.abort()
    await Promise.all([maker.release(), member.release()])
    await cleanup()
  }
})
