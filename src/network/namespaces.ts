import { accessSync, constants, existsSync, readFileSync } from 'node:fs'
import { RapidoError } from '../errors.js'

/** What stands in the way of a tap, known before anything is made; undefined: nothing that can be seen. */
export function tapProblem(): RapidoError | undefined {
  if (!existsSync('/dev/net/tun')) {
    return new RapidoError('host', 'there is no /dev/net/tun, which the taps of VMs are made with', {
      hint: 'run `sudo modprobe tun`; the kernel of this host needs CONFIG_TUN',
    })
  }
  try {
    accessSync('/dev/net/tun', constants.R_OK | constants.W_OK)
  } catch {
    return new RapidoError('host', 'you may not open /dev/net/tun, which the taps of VMs are made with', {
      hint: 'run `sudo chmod 0666 /dev/net/tun`, as distributions have it: a tap needs rights of its own all the same',
    })
  }
  return undefined
}

/** The error for a private network that could not be made; `said` is what unshare or ip said. */
export function whyNoNamespace(said: string): RapidoError {
  const hint = namespaceHint(said)
  return new RapidoError('host', `cannot make the private network: ${said || 'no answer'}`, { hint })
}

function namespaceHint(said: string): string | undefined {
  if (/unshare failed|write failed .*(uid_map|setgroups)/.test(said)) {
    const limits = [
      { file: 'kernel/unprivileged_userns_clone', is: '0', set: '1' }, // Debian
      { file: 'kernel/apparmor_restrict_unprivileged_userns', is: '1', set: '0' }, // Ubuntu
      { file: 'user/max_user_namespaces', is: '0', set: '15000' },
      { file: 'user/max_net_namespaces', is: '0', set: '15000' },
    ]
    const limit = limits.find(({ file, is }) => sysctl(file) === is)
    if (limit)
      return `user namespaces are off here: run \`sudo sysctl -w ${limit.file.replace('/', '.')}=${limit.set}\``
    return 'this host allows no user namespaces (a container, perhaps): `sudo rapido net up` makes the bridge on the host'
  }
  if (/Unknown device type|not supported/.test(said)) {
    return 'the kernel of this host has no bridge: run `sudo modprobe bridge` (CONFIG_BRIDGE)'
  }
  return undefined
}

function sysctl(name: string): string | undefined {
  try {
    return readFileSync(`/proc/sys/${name}`, 'utf8').trim()
  } catch {
    return undefined
  }
}
