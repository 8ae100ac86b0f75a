import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { RapidoError } from '../errors.js'
import type { HeldFolder } from '../host/hold.js'
import { makeFolder } from '../host/make-folder.js'
import { runGroup } from '../host/run-group.js'
import { buildFiles, dracutArgv } from '../plan/dracut-args.js'
import type { ImagePlan } from '../plan/image.js'
import { assembleImage } from './assemble.js'
import { type CpioEntry, readCpio } from './cpio.js'
import { type Examined, examineImage } from './examine.js'
import { withFile } from './file-bytes.js'
import type { Input } from './inputs.js'

/** An image just made, still in the folder that was held for it. */
export interface BuiltImage {
  path: string
  bytes: number
  sha256: string
  inputs: Input[]
  withheld: string[]
}

/**
 * Makes an image in `held`, once more where a file changed while dracut read it. Throws RapidoError('host') with
 * dracut's own words where it fails, or where the image lacks what was asked for.
 */
export async function buildImage(
  plan: ImagePlan,
  { held, signal }: { held: HeldFolder; signal?: AbortSignal | undefined },
): Promise<BuiltImage> {
  let before: ReadonlyMap<string, string> = new Map()
  for (let attempt = 1; ; attempt++) {
    const startedAtMs = Date.now()
    const output = await runDracut(plan, held, signal)
    const made = withFile(buildFiles(held.path).image, (fd) => {
      const entries = entriesOf(fd, output)
      const examined = examineImage(plan, { fd, entries, startedAtMs, before })
      if (examined.raced.length > 0) return examined
      requireWhole(plan, examined, output)
      const path = join(held.path, 'finished.img')
      return { examined, path, ...assembleImage(plan, { fd, entries, examined }, path) }
    })
    if ('path' in made) {
      const { examined, ...image } = made
      return { ...image, inputs: examined.inputs, withheld: examined.withheld.map(({ path }) => path) }
    }
    if (attempt === attempts) throw neverRests(made.raced)
    before = new Map(made.inputs.map(({ path, stamp }) => [path, stamp]))
  }
}

const attempts = 3

async function runDracut(plan: ImagePlan, held: HeldFolder, signal: AbortSignal | undefined): Promise<string> {
  const files = buildFiles(held.path)
  for (const folder of [files.confdir, files.tmpdir]) makeFolder(folder)
  // A file of the same name in our folder is read instead of the distribution's.
  for (const name of plan.dracut.distributionConf) writeFileSync(join(files.confdir, name), '')

  let group = 0
  const { status, output } = await runGroup(plan.dracut.program, dracutArgv(plan.dracut, held.path), {
    env: dracutEnv,
    cwd: '/',
    signal,
    onStart: (started) => {
      group = started
      held.watch(group)
    },
  })
  held.unwatch(group)
  if (output.includes('No space left on device')) throw diskFull(held.path)
  if (status !== 0) throw dracutFailed(plan, `dracut failed with status ${status}`, output)
  chmodSync(files.image, 0o600)
  return output
}

/** dracut takes dozens of its variables from the environment when they are there: it gets none but these. */
const dracutEnv = {
  PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
  LC_ALL: 'C',
  DRACUT_NO_MKNOD: '1', // assemble.ts adds the device nodes, as root and as an ordinary user alike
}

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

function requireWhole(plan: ImagePlan, { lacking }: Examined, output: string): void {
  if (lacking.length > 0) throw dracutFailed(plan, `dracut left out ${lacking.join(', ')}`, output)
}

function dracutFailed(plan: ImagePlan, what: string, output: string): RapidoError {
  const module = /dracut module '([^']+)' cannot be found or installed/.exec(output)?.[1]
  const hint =
    module === undefined
      ? undefined
      : `a program that dracut's module "${module}" calls for is missing: see check() in ${plan.dracut.base}/modules.d/*${module}/module-setup.sh`
  return new RapidoError('host', `no image for profile "${plan.profile}": ${what}\n${tellingLines(output)}`, { hint })
}

export function diskFull(path: string): RapidoError {
  return new RapidoError('host', `no space left for the image in ${path}`, {
    hint: 'make room there (`rapido cache gc`), or choose another place with paths.cache in rapido.toml',
  })
}

function neverRests(raced: string[]): RapidoError {
  const more = raced.length > 1 ? ` (and ${raced.length - 1} more files)` : ''
  return new RapidoError('host', `${raced[0]}${more} changed each time while the image was made`, {
    hint: 'try again when whatever writes it, such as `make`, is done',
  })
}

/** dracut's first words tell of a wrong option, its last ones of what went wrong on the way. */
function tellingLines(output: string): string {
  const lines = output
    .split('\n')
    .filter((line) => line.trim() !== '' && !/^dracut(\[I\])?: (Executing:|\*\*\*)/.test(line))
  const shown = lines.length > 12 ? [...lines.slice(0, 3), '…', ...lines.slice(-8)] : lines
  return shown.map((line) => `  ${line}`).join('\n')
}
