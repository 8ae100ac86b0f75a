import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { depmodArgv, firmwarePath, installerArgv, type ModulesPlan } from '../plan/layers.js'
import { diskFull, leftOut, neverRests, noImage } from './build-failed.js'
import { type BuildOptions, runHeld } from './build-run.js'
import { layerBytes } from './cpio-write.js'
import { filesIn } from './dracut-inputs.js'
import { lackingDrivers, modulePath } from './examine.js'
import { withFile } from './file-bytes.js'
import { type InputRecord, inputRecord } from './input-record.js'
import { lookAt } from './inputs.js'
import { type Installed, installedBelow } from './installed.js'
import type { Made } from './kept.js'
import { stripModules } from './strip-modules.js'

/**
 * Makes the layer of drivers in its held folder, once more where a module changed meanwhile. Throws RapidoError('host')
 * with the words of dracut-install or depmod where they fail, or where a driver is not in it.
 */
export async function buildModules(plan: ModulesPlan, options: BuildOptions): Promise<Made> {
  const root = join(options.held.path, 'root')
  let before: ReadonlyMap<string, string> = new Map()
  for (let attempt = 1; ; attempt++) {
    const record = inputRecord(Date.now(), before)
    const output = await install(plan, root, options)
    const installed = installedBelow(root)
    takeInputs(plan, installed, record)
    if (record.raced().length === 0) {
      const paths = installed.map(({ entry }) => entry.path)
      const lacking = lackingDrivers(paths, plan.drivers)
      if (lacking.length > 0) throw noImage(options.profile, leftOut(lacking), output)
      return { ...write(installed, join(options.held.path, 'modules.cpio')), inputs: record.inputs() }
    }
    if (attempt === attempts) throw neverRests(record.raced())
    before = new Map(record.inputs().map(({ path, stamp }) => [path, stamp]))
  }
}

const attempts = 3

/** What depmod reads beside the modules, and modprobe for what is built in. */
const indexes = ['modules.builtin', 'modules.builtin.alias', 'modules.builtin.modinfo', 'modules.order']

/** Does what dracut does with a list of drivers, below `root`; returns what the programs said. */
async function install(plan: ModulesPlan, root: string, options: BuildOptions): Promise<string> {
  rmSync(root, { recursive: true, force: true })
  mkdirSync(join(root, 'usr/lib'), { recursive: true })
  if (lookAt('/lib')?.isSymbolicLink()) symlinkSync('usr/lib', join(root, 'lib'))
  const folder = join(root, 'lib/modules', plan.release)
  mkdirSync(folder, { recursive: true })
  for (const name of indexes) {
    const from = join(plan.modulesDir, name)
    if (existsSync(from)) copyFileSync(from, join(folder, name))
  }
  const env = { DRACUT_FIRMWARE_PATH: firmwarePath(plan.release, hostFirmwarePath()) }
  // Its status says little: it fails for a soft dependency that is nowhere, too.
  const installed =
    plan.drivers.length === 0 ? undefined : await runHeld(plan.installer, installerArgv(plan, root), env, options)
  const depmod = await runHeld('depmod', depmodArgv(plan, root), {}, options)
  const output = `${installed?.output ?? ''}\n${depmod.output}`
  if (output.includes('No space left on device')) throw diskFull(options.held.path)
  if (depmod.status !== 0) throw noImage(options.profile, `depmod failed with status ${depmod.status}`, output)
  await stripModules(root, options)
  return output
}

/** Where the host's own kernel looks for firmware before all other places. */
function hostFirmwarePath(): string {
  try {
    return readFileSync('/sys/module/firmware_class/parameters/path', 'utf8').trim()
  } catch {
    return ''
  }
}

/** Modules, firmware, and the folder's indexes: which driver calls for which is in them. */
function takeInputs(plan: ModulesPlan, installed: Installed[], record: InputRecord): void {
  for (const { entry, from } of installed) {
    const source = modulePath(entry.path, plan.release, plan.modulesDir)
    if (entry.kind === 'link') record.take(source)
    if (entry.kind !== 'file') continue
    withFile(from, (fd) => record.takeFile(source, { fd, offset: 0, size: entry.data.length }))
  }
  for (const path of [plan.installer, ...filesIn(plan.modulesDir)]) record.takeFile(path)
}

function write(installed: Installed[], path: string): Pick<Made, 'path' | 'parts'> {
  const bytes = layerBytes(installed.map(({ entry }) => entry))
  writeFileSync(path, bytes, { mode: 0o600 })
  return { path, parts: [{ bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }] }
}
