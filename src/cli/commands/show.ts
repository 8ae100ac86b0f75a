import { join } from 'node:path'
import type { Argv } from 'yargs'
import { exitStatus } from '../../errors.js'
import { dracutArgv } from '../../plan/dracut-args.js'
import type { ImagePlan } from '../../plan/image.js'
import { installerArgv } from '../../plan/layers.js'
import type { NetworkPlan } from '../../plan/network.js'
import { qemuArgs } from '../../plan/qemu-args.js'
import { vmFiles } from '../../plan/state-files.js'
import { planMachine, planRun, type RunPlan } from '../../runs/plan-run.js'
import type { GlobalOptions, Io, Status } from '../io.js'
import { surroundings } from '../options.js'
import { commandLines } from '../table.js'

interface Options extends GlobalOptions {
  profile: string
  json: boolean
}

export function options(builder: Argv): Argv {
  return builder
    .positional('profile', { type: 'string', demandOption: true, describe: 'See `rapido list`' })
    .option('json', { type: 'boolean', default: false, describe: 'For scripts' })
}

export async function run(argv: Options, io: Io): Promise<Status> {
  const plan = await planRun(argv.profile, surroundings(argv, io), { probe: false })
  io.stdout.write(argv.json ? `${JSON.stringify(asJson(plan), undefined, 2)}\n` : asText(plan))
  return exitStatus.success
}

/** The machine as the first VM would have it; the image's name is known only once it is built. */
function example(plan: RunPlan) {
  const { paths } = plan.settings
  return planMachine(plan, {
    number: 1,
    kernel: kernelFile(plan),
    initrd: join(paths.cache, 'images', 'IMAGE'),
    files: vmFiles(paths.state, 1),
    gdb: undefined,
  })
}

function kernelFile({ entry, kernel, settings }: RunPlan): string {
  if (entry.kind === 'elf') return entry.path
  return entry.kind === 'unpack' ? join(settings.paths.cache, 'kernels', 'KERNEL.elf') : kernel.image
}

function commands(plan: RunPlan) {
  const { userspace, modules } = plan.image
  const build = join(plan.settings.paths.cache, 'build')
  return {
    dracut: [userspace.dracut.program, ...dracutArgv(userspace.dracut, build)],
    modules: modules === undefined ? undefined : [modules.installer, ...installerArgv(modules, join(build, 'root'))],
    qemu: [plan.qemu, ...qemuArgs(example(plan))],
  }
}

function asJson(plan: RunPlan): unknown {
  const { profile, configFile, settings, kernel, image, acceleration } = plan
  const { source, release, image: kernelImage, modulesDir, src, vmlinux } = kernel
  return {
    profile,
    configFile,
    settings,
    kernel: { source, release, image: kernelImage, modulesDir, src, vmlinux },
    image: { ...image, userspace: image.userspace.key, modules: image.modules?.key },
    acceleration,
    commands: commands(plan),
  }
}

/** What the image is joined of, each with the beginning of its key. */
function layersText({ userspace, modules, guest }: ImagePlan): string {
  const key = (layer: { key: string }) => layer.key.slice(0, 12)
  return [
    `userspace ${key(userspace)}`,
    ...(modules === undefined ? [] : [`modules ${key(modules)}`]),
    `guest (${guest.includes.length} files)`,
  ].join(', ')
}

/** As the first VM would have it. */
function networkText(network: NetworkPlan): string {
  if (network.kind === 'none') return 'none'
  const addresses = network.nics.flatMap((nic) => nic.addresses).join(', ')
  return `${network.kind === 'bridge' ? `bridge ${network.bridge.name} (${network.home})` : 'user'}: ${addresses}`
}

function asText(plan: RunPlan): string {
  const { profile, configFile, kernel, image, acceleration } = plan
  const { dracut, modules, qemu } = commands(plan)
  const list = (items: string[]) => (items.length === 0 ? 'none' : items.join(' '))
  const rows: [string, string][] = [
    ['profile', `${profile.name}: ${profile.summary}`],
    ['from', profile.folder],
    ['settings', configFile ?? 'no rapido.toml: the defaults'],
    ['kernel', `${kernel.release} (${kernel.source}), ${kernel.image}`],
    ['modules', kernel.modulesDir ?? 'none'],
    ['programs', list(image.programs.map(({ name }) => name))],
    ['drivers', list(image.drivers)],
    ['includes', list(image.includes.map(({ from, to }) => `${from} → ${to}`))],
    ['layers', layersText(image)],
    ['notes', image.notes.length === 0 ? 'none' : image.notes.join('; ')],
    ['network', networkText(example(plan).network)],
    ['accel', acceleration.note ? `${acceleration.accel} (${acceleration.note})` : acceleration.accel],
  ]
  const facts = rows.map(([name, value]) => `${name.padEnd(9)} ${value}`).join('\n')
  const making = [dracut, ...(modules === undefined ? [] : [modules])].map(commandLines).join('\n')
  return `${facts}\n\n# the image\n${making}\n\n# the machine\n${commandLines(qemu)}\n`
}
