import { chownSync, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { CliRun } from './cli-run.js'
import { packageFolder } from './places.js'
import type { Sandbox } from './sandbox.js'

const nobody = { name: 'nobody', uid: 65534, gid: 65534 }
const isRoot = process.geteuid?.() === 0

/**
 * A network, and a /run, of a test's own, where it may do as root does on a host. `user` is who boots VMs there: nobody;
 * for a test that is not root itself, the root of its user namespace, which has no other user.
 */
export class OwnNetwork {
  readonly user = isRoot ? nobody.name : 'root'
  readonly #box: Sandbox
  readonly #keeper: CliRun

  private constructor(box: Sandbox, keeper: CliRun) {
    this.#box = box
    this.#keeper = keeper
  }

  static async make(box: Sandbox): Promise<OwnNetwork> {
    // Root of a user namespace that has no other user, dracut would keep the owners of files, and cannot.
    if (!isRoot) await box.rapido('cut', 'simple-net').outcome()
    const setUp = 'mount -t tmpfs -o mode=755 run /run && ip link set lo up && echo made && exec sleep 1000'
    const keeper = box.command(['unshare', isRoot ? '-nm' : '-rnm', 'sh', '-c', setUp])
    await keeper.saying(/made/)
    return new OwnNetwork(box, keeper)
  }

  /** Runs any program as the root of this network. */
  command(...argv: string[]): CliRun {
    const user = isRoot ? [] : ['--user', '--preserve-credentials']
    const enter = ['nsenter', `--target=${this.#keeper.pid}`, ...user, '--net', '--mount']
    return this.#box.command([...enter, 'env', '-C', this.#box.work, ...argv])
  }

  rapido(...args: string[]): CliRun {
    return this.command(...rapido(args))
  }

  /** Runs rapido as `user`, who has no rights over this network. */
  rapidoAsUser(...args: string[]): CliRun {
    if (!isRoot) return this.rapido(...args)
    const { uid, gid } = nobody
    const cache = join(packageFolder, `node_modules/.cache/rapido-e2e-${uid}`) // as tools/test.mjs makes it
    mkdirSync(cache, { recursive: true })
    for (const folder of [cache, this.#box.folder, this.#box.work, this.#box.temporary, dirname(this.#box.state)]) {
      mkdirSync(folder, { recursive: true })
      chownSync(folder, uid, gid)
    }
    const setpriv = ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups']
    return this.command(...setpriv, ...rapido(args)).env({ XDG_CACHE_HOME: cache })
  }

  /** All interfaces, as `ip` tells of them. */
  async links(): Promise<unknown> {
    return JSON.parse(await this.ip('-json', 'address', 'show'))
  }

  /** Runs `ip`, which must succeed, and returns what it prints. */
  async ip(...args: string[]): Promise<string> {
    const { status, stdout, stderr } = await this.command('ip', ...args).outcome()
    if (status !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr}`)
    return stdout
  }

  async end(): Promise<void> {
    this.#keeper.kill('SIGKILL')
    await this.#keeper.outcome()
  }
}

function rapido(args: string[]): string[] {
  return [process.execPath, join(packageFolder, 'dist/main.js'), ...args]
}
