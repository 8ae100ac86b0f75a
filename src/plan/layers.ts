import { createHash } from 'node:crypto'
import { type DracutPlan, dracutArgv } from './dracut-args.js'
import type { ImageLink, PlannedInclude, PlannedProgram } from './image.js'

/** What dracut makes: programs with their libraries, and whatever may need such a thing. */
export interface UserspacePlan {
  key: string // sha256 of all that is known before it is made
  dracut: DracutPlan // its argv: dracutArgv(plan.dracut, folder)
  programs: PlannedProgram[]
  includes: PlannedInclude[]
  drivers: string[] // only where dracut installs them: see planImage()
}

/** What dracut-install and depmod make: drivers with all that they call for, and the indexes for modprobe. */
export interface ModulesPlan {
  key: string
  installer: string // path of dracut-install
  release: string
  modulesDir: string
  drivers: string[] // with underscores
}

/** What is put behind them: rapido's own scripts, includes that need nothing else, and links. */
export interface GuestLayerPlan {
  includes: PlannedInclude[]
  links: ImageLink[]
}

/** Change one of these when layers of the same plan are made in another way than before. */
const formats = { userspace: 1, modules: 1, guest: 2 }

/** Two profiles with the same lists share it; without drivers in it so do all kernels. */
export function userspacePlan(plan: Omit<UserspacePlan, 'key'>): UserspacePlan {
  const { dracut } = plan
  const { program, base, version, distributionConf } = dracut
  const known = [program, base, version, distributionConf, dracutArgv(dracut, ''), plan.includes]
  return { key: keyOf([formats.userspace, ...known]), ...plan }
}

/** The order of drivers makes no difference. */
export function modulesPlan(plan: Omit<ModulesPlan, 'key'>): ModulesPlan {
  const drivers = [...new Set(plan.drivers)].sort()
  return { key: keyOf([formats.modules, plan.installer, plan.release, plan.modulesDir, drivers]), ...plan, drivers }
}

/** The key of the image that they are joined to. */
export function imageKey(userspace: UserspacePlan, modules: ModulesPlan | undefined, guest: GuestLayerPlan): string {
  return keyOf([userspace.key, modules?.key ?? 'no modules', formats.guest, guest.includes, guest.links])
}

/** The arguments of dracut-install, which installs below `root`. */
export function installerArgv(plan: ModulesPlan, root: string): string[] {
  return ['-D', root, '--kerneldir', plan.modulesDir, '-m', ...plan.drivers]
}

/** Where it looks for firmware: what dracut tells it, but for the kernel of the guest. `own` is a setting of the host's kernel. */
export function firmwarePath(release: string, own: string): string {
  const folders = ['/lib/firmware/updates', '/lib/firmware'].flatMap((folder) => [`${folder}/${release}`, folder])
  return [...(own === '' ? [] : [own]), ...folders].join(':')
}

/** The arguments of depmod, for the same folder. */
export function depmodArgv(plan: ModulesPlan, root: string): string[] {
  return ['-a', '-b', root, plan.release]
}

/** Whether an include calls for nothing that dracut would look for, such as an interpreter or libraries. */
export function isPlain(include: PlannedInclude, found: { executable: boolean }): boolean {
  if (include.kind === 'folder' || found.executable) return false
  return !/\.so(\.|$)/.test(include.to) && !include.to.startsWith('/etc/ld.so') // ldconfig shall know them
}

function keyOf(known: unknown[]): string {
  return createHash('sha256').update(JSON.stringify(known)).digest('hex')
}
