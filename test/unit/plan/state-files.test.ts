import { expect, test } from 'vitest'
import {
  accelFile,
  cephFiles,
  consoleLog,
  logsFolder,
  longestSocketPath,
  vmFiles,
  vmsFolder,
} from '../../../src/plan/state-files.js'

test('the files of a VM are in its own folder', () => {
  const { folder, ...files } = vmFiles('/state', 12)
  expect(folder).toBe('/state/vms/12')
  expect(files).toEqual({
    qmpSocket: '/state/vms/12/qmp.sock',
    controlSocket: '/state/vms/12/control.sock',
    migrationSocket: '/state/vms/12/state.sock',
    serveSocket: '/state/vms/12/serve.sock',
    gdbSocket: '/state/vms/12/gdb.sock',
    knownHosts: '/state/vms/12/known_hosts',
    info: '/state/vms/12/info.json',
    qemuErrors: '/state/vms/12/qemu.stderr',
    scratch: '/state/vms/12/tmp',
    cephConf: '/state/vms/12/ceph.conf',
    cephKey: '/state/vms/12/ceph.key',
  })
})

test('the files of the throwaway Ceph cluster are in one folder, its starters beside it', () => {
  const { folder, pid, killed, osd, starters, ...files } = cephFiles('/state')
  expect([folder, starters]).toEqual(['/state/ceph', '/state/ceph-up'])
  expect([pid('osd.0'), killed('osd.0')]).toEqual(['/state/ceph/run/osd.0.pid', '/state/ceph/run/osd.0.killed'])
  expect(osd(0)).toBe('/state/ceph/osd.0')
  expect(files).toEqual({
    members: '/state/ceph/members',
    keeper: '/state/ceph/keeper',
    control: '/state/ceph/control',
    plan: '/state/ceph/cluster.json',
    conf: '/state/ceph/ceph.conf',
    keyring: '/state/ceph/keyring',
    monmap: '/state/ceph/monmap',
    commands: '/state/ceph/commands',
    run: '/state/ceph/run',
    privately: '/state/ceph/privately',
    ready: '/state/ceph/run/ready',
    kept: '/state/ceph/kept',
    logs: '/state/ceph/log',
    mon: '/state/ceph/mon',
    nonces: '/state/ceph/nonces.json',
  })
})

test('everything else of the state is beside them', () => {
  expect([vmsFolder('/state'), logsFolder('/state'), accelFile('/state')]).toEqual([
    '/state/vms',
    '/state/logs',
    '/state/accel.json',
  ])
})

test('the names of console logs sort by time, and tell runs apart', () => {
  const log = (time: string, profile: string, number: number) =>
    consoleLog('/state', { startedAt: new Date(time), profile, number })
  const logs = [
    log('2026-02-03T04:05:06.007Z', 'xfs', 1),
    log('2026-02-03T04:05:06.007Z', 'xfs', 2),
    log('2026-02-03T04:05:06.070Z', 'ceph', 1),
    log('2026-11-03T04:05:06.007Z', 'a', 1),
  ]
  expect(logs[0]).toBe('/state/logs/20260203T040506007Z-xfs-vm1.log')
  expect([...logs].sort()).toEqual(logs)
})

test("the sockets of a VM fit into Linux's limit below an ordinary home", () => {
  const { folder, ...files } = vmFiles('/home/somebody-with-a-long-name/.local/state/rapido', 1000)
  const sockets = Object.values(files).filter((path) => path.endsWith('.sock'))
  expect(sockets).toHaveLength(5)
  for (const path of sockets) expect(path.length).toBeLessThanOrEqual(longestSocketPath)
})
