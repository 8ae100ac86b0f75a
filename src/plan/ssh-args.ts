/** The name by which ssh knows a VM in its known_hosts, whatever the address. */
function aliasOf(number: number): string {
  return `rapido${number}`
}

/** A known_hosts file: `publicKeys` has the guest's, one a line, as in /etc/ssh/ssh_host_*_key.pub. */
export function knownHosts(number: number, publicKeys: string): string {
  const keys = publicKeys.split('\n').filter((line) => line.trim() !== '')
  return keys.map((key) => `${aliasOf(number)} ${key}\n`).join('')
}

/** The arguments of ssh. `identities` are files of private keys; `onlyThose`: no other key is tried. */
export function sshArgs(login: {
  number: number
  address: string
  port: number
  knownHosts: string // file
  identities: string[]
  onlyThose: boolean
  command: string[]
}): string[] {
  const options = {
    HostKeyAlias: aliasOf(login.number),
    UserKnownHostsFile: `"${login.knownHosts.replaceAll('%', '%%')}"`, // ssh splits it at blanks, and knows %h
    GlobalKnownHostsFile: '/dev/null',
    StrictHostKeyChecking: 'yes',
    UpdateHostKeys: 'no', // the file is ours alone to write
    PreferredAuthentications: 'publickey',
    ...(login.onlyThose ? { IdentitiesOnly: 'yes' } : {}),
    ConnectTimeout: '30',
    ServerAliveInterval: '15', // a guest that has crashed never says so
    ServerAliveCountMax: '4',
  }
  return [
    ...['-F', 'none'], // the user's configuration is about other hosts: no proxy, no control socket
    ...Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]),
    ...login.identities.flatMap((file) => ['-i', file.replaceAll('%', '%%')]),
    ...['-p', String(login.port), '-l', 'root', login.address],
    ...(login.command.length > 0 ? ['--', ...login.command] : []),
  ]
}

/** The port of 127.0.0.1 that leads to a TCP port of the guest, by what QEMU's `info usernet` says. */
export function forwardedPort(usernet: string, guestPort: number): number | undefined {
  const row = /^\s*TCP\[HOST_FORWARD\]\s+\d+\s+\S+\s+(\d+)\s+\S+\s+(\d+)\s/gm
  const found = [...usernet.matchAll(row)].find(([, , guest]) => Number(guest) === guestPort)
  return found && Number(found[1])
}
