import { join } from 'node:path'

/** Every file of a VM that runs, in its folder `<paths.state>/vms/N` (0700): docs/state-files.md shows the tree. */
export interface VmFiles {
  folder: string
  qmpSocket: string // QEMU connects to it: QMP
  controlSocket: string // QEMU connects to it: the guest's control channel
  migrationSocket: string // QEMU writes the state of a machine to it, or reads it there
  serveSocket: string // rapido exec, console, … connect to it
  gdbSocket: string // gdb connects to it, with --gdb
  knownHosts: string // the host keys of the guest's ssh server, for `rapido ssh`
  info: string // JSON: what `rapido ps` prints
  qemuErrors: string // what QEMU writes to standard error
  scratch: string // folder for temporary files of the run
  cephConf: string // for QEMU, where a disk is an RBD image
  cephKey: string // the key of that conf (0600), where no keyring of the host has it
}

export function vmsFolder(stateDir: string): string {
  return join(stateDir, 'vms')
}

export function vmFiles(stateDir: string, number: number): VmFiles {
  const folder = join(vmsFolder(stateDir), String(number))
  return {
    folder,
    qmpSocket: join(folder, 'qmp.sock'),
    controlSocket: join(folder, 'control.sock'),
    migrationSocket: join(folder, 'state.sock'),
    serveSocket: join(folder, 'serve.sock'),
    gdbSocket: join(folder, 'gdb.sock'),
    knownHosts: join(folder, 'known_hosts'),
    info: join(folder, 'info.json'),
    qemuErrors: join(folder, 'qemu.stderr'),
    scratch: join(folder, 'tmp'),
    cephConf: clientConfIn(folder),
    cephKey: join(folder, 'ceph.key'),
  }
}

/** The ceph.conf in the folder of a VM. */
export function clientConfIn(folder: string): string {
  return join(folder, 'ceph.conf')
}

/** The private network that a user's VMs share, while there is one: `<paths.state>/net/`. */
export function privateNetworkFiles(stateDir: string) {
  const folder = join(stateDir, 'net')
  return {
    folder, // locked by the keeper
    alive: join(folder, 'alive'), // a FIFO that the keeper holds open
    uplinkErrors: join(folder, 'uplink.stderr'),
    members: join(folder, 'members'), // locked by each member, shared
    keeper: join(folder, 'keeper'), // its process id
    bridge: join(folder, 'bridge.json'), // a BridgePlan
    namespace: join(folder, 'namespace'), // net:[INODE]
    guests: join(stateDir, 'net-exec'), // a folder for each `rapido net exec`, named by its process id
  }
}

/** The bridge on the host's own network, while it is up: of root, and the same for everybody. */
export function hostNetworkFiles(bridge: string) {
  const folder = join('/run/rapido', bridge)
  return {
    folder,
    dhcp: { pid: join(folder, 'dnsmasq.pid'), leases: join(folder, 'dnsmasq.leases') },
    lock: '/run/rapido-net.lock', // a folder: who has it changes the host's network
  }
}

/** The throwaway Ceph cluster of a user, while there is one: `<paths.state>/ceph/` (0700). */
export function cephFiles(stateDir: string) {
  const folder = join(stateDir, 'ceph')
  return {
    folder, // locked by the keeper
    members: join(folder, 'members'), // locked by each VM that uses it, shared
    keeper: join(folder, 'keeper'), // its process id
    control: join(folder, 'control'), // a FIFO: what the keeper is told
    plan: join(folder, 'cluster.json'), // a ClusterPlan, once there is a cluster
    conf: join(folder, 'ceph.conf'),
    keyring: join(folder, 'keyring'),
    monmap: join(folder, 'monmap'),
    commands: join(folder, 'commands'), // folder: the command line of each daemon, a word a line
    run: join(folder, 'run'), // folder: process ids and admin sockets
    pid: (daemon: string) => join(folder, 'run', `${daemon}.pid`),
    ready: join(folder, 'run', 'ready'), // it is there: all of it was up once since the keeper was started
    privately: join(folder, 'privately'), // it is there: the daemons are in the private network
    killed: (daemon: string) => join(folder, 'run', `${daemon}.killed`), // it is there: by a fault
    nonces: join(folder, 'nonces.json'), // of the OSDs as they were up last
    kept: join(folder, 'kept'), // it is there: `rapido ceph up` wanted the cluster
    logs: join(folder, 'log'),
    mon: join(folder, 'mon'), // folder of the monitor's data
    osd: (id: number | string) => join(folder, `osd.${id}`), // folder of an OSD's data
    starters: join(stateDir, 'ceph-up'), // a folder for each `rapido ceph` at work, named by its process id
  }
}

export type CephFiles = ReturnType<typeof cephFiles>

/** Console logs outlive their run: `<paths.state>/logs/<time>-<profile>-vm<N>.log`, the last `log.keep` of them. */
export function logsFolder(stateDir: string): string {
  return join(stateDir, 'logs')
}

export function consoleLog(stateDir: string, run: { startedAt: Date; profile: string; number: number }): string {
  const time = run.startedAt.toISOString().replaceAll(/[-:]/g, '').replace('.', '')
  return join(logsFolder(stateDir), `${time}-${run.profile}-vm${run.number}.log`)
}

/** What is left of a scenario that did not pass: `<paths.state>/failed/<time>-<name>/`. */
export function failedFolder(stateDir: string, run: { startedAt: string; name: string }): string {
  return join(stateDir, 'failed', `${run.startedAt.replaceAll(/[-:.]/g, '')}-${run.name}`)
}

/** The results of a suite, where nobody names a folder: `<paths.state>/results/<profile>-<time>/`. */
export function resultsFolder(stateDir: string, run: { profile: string; startedAt: string }): string {
  return join(stateDir, 'results', `${run.profile}-${run.startedAt.replaceAll(/[-:.]/g, '')}`)
}

/** The verdict of the acceleration probe: `<paths.state>/accel.json`. */
export function accelFile(stateDir: string): string {
  return join(stateDir, 'accel.json')
}

/** Linux gives a Unix socket's path 108 bytes, the last one a NUL (unix(7)). */
export const longestSocketPath = 107
