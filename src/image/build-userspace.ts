import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { RapidoError } from '../errors.js'
import { makeFolder } from '../host/make-folder.js'
import { buildFiles, dracutArgv } from '../plan/dracut-args.js'
import type { UserspacePlan } from '../plan/layers.js'
import { assembleUserspace } from './assemble.js'
import { diskFull, leftOut, neverRests, noImage, tellingLines } from './build-failed.js'
import { type BuildOptions, runHeld } from './build-run.js'
import { type CpioEntry, readCpio } from './cpio.js'
import { examineUserspace } from './examine.js'
import { withFile } from './file-bytes.js'
import type { Made } from './kept.js'

/**
 * Makes the layer of programs in `held`, once more where a file changed while dracut read it. Throws RapidoError('host')
 * with dracut's own words where it fails, or where the layer lacks what was asked for.
 */
export async function buildUserspace(
  plan: UserspacePlan,
  options: BuildOptions,
): Promise<Made & { withheld: string[] }> {
  const { held } = options
  let before: ReadonlyMap<string, string> = new Map()
  for (let attempt = 1; ; attempt++) {
    const startedAtMs = Date.now()
    const output = await runDracut(plan, options)
    const made = withFile(buildFiles(held.path).image, (fd) => {
      const entries = entriesOf(fd, output)
      const examined = examineUserspace(plan, { fd, entries, startedAtMs, before })
      if (examined.raced.length > 0) return examined
      if (examined.lacking.length > 0) throw dracutFailed(plan, options.profile, leftOut(examined.lacking), output)
      const path = join(held.path, 'userspace.cpio')
      return { examined, path, parts: [assembleUserspace({ fd, entries, examined }, path)] }
    })
    if ('path' in made) {
      const { examined, path, parts } = made
      return { path, parts, inputs: examined.inputs, withheld: examined.withheld.map(({ path }) => path) }
    }
    if (attempt === attempts) throw neverRests(made.raced)
    before = new Map(made.inputs.map(({ path, stamp }) => [path, stamp]))
  }
}

const attempts = 3

async function runDracut(plan: UserspacePlan, options: BuildOptions): Promise<string> {
  const { profile, held } = options
  const files = buildFiles(held.path)
  for (const folder of [files.confdir, files.tmpdir]) makeFolder(folder)
  // A file of the same name in our folder is read instead of the distribution's.
  for (const name of plan.dracut.distributionConf) writeFileSync(join(files.confdir, name), '')

  const { program } = plan.dracut
  const { status, output } = await runHeld(program, dracutArgv(plan.dracut, held.path), dracutEnv, options)
  if (output.includes('No space left on device')) throw diskFull(held.path)
  if (status !== 0) throw dracutFailed(plan, profile, `dracut failed with status ${status}`, output)
  chmodSync(files.image, 0o600)
  return output
}

/** guest-layer.ts adds the device nodes, as root and as an ordinary user alike. */
const dracutEnv = { DRACUT_NO_MKNOD: '1' }

function entriesOf(fd: number, output: string): CpioEntry[] {
  try {
    return readCpio(fd)
  } catch (cause) {
    const message = `dracut made no plain initramfs: ${cause instanceof Error ? cause.message : cause}`
    throw new RapidoError('host', `${message}\n${tellingLines(output)}`, {
      hint: 'image.dracut_args may ask for another format; leave out --uefi and compression',
      cause,
    })
  }
}

function dracutFailed(plan: UserspacePlan, profile: string, what: string, output: string): RapidoError {
  const module = /dracut module '([^']+)' cannot be found or installed/.exec(output)?.[1]
  const hint =
    module === undefined
      ? undefined
      : `a program that dracut's module "${module}" calls for is missing: see check() in ${plan.dracut.base}/modules.d/*${module}/module-setup.sh`
  return noImage(profile, what, output, hint)
}
