import type { Settings } from '../../src/config/schema.js'
import type { GuestParts } from '../../src/plan/guest-parts.js'
import type { planImage } from '../../src/plan/image.js'
import type { DracutFacts, ImageFacts } from '../../src/plan/image-facts.js'
import type { ImageProfile } from '../../src/plan/image-parts.js'
import type { KernelPlan } from '../../src/plan/kernel.js'

type Input = Parameters<typeof planImage>[0]

/** What planImage() takes, for a small invented host; each part may be replaced or added to. */
export function imageInput(changes: {
  image?: Partial<ImageProfile['image']>
  requires?: string[]
  guest?: Partial<GuestParts>
  settings?: object
  kernel?: Partial<KernelPlan>
  facts?: Partial<ImageFacts>
}): Input {
  const guest: GuestParts = {
    install: ['bash'],
    install_optional: [],
    include: [{ from: '/opt/rapido/src/guest/init', to: '/init' }],
    drivers: [],
    drivers_optional: ['virtio_console'],
    ...changes.guest,
  }
  const image = {
    install: [],
    install_optional: [],
    tools: false,
    include: [],
    trees: [],
    drivers: [],
    drivers_optional: [],
    dracut_modules: [],
    ...changes.image,
  }
  const profile: ImageProfile = {
    name: 'demo',
    folder: '/home/u/profiles/demo',
    image,
    requires: { settings: [], kernel: changes.requires ?? [] },
  }
  const settings = { image: { dracut_args: [] }, ...changes.settings } as unknown as Settings
  return { profile, guest, settings, kernel: { ...kernel, ...changes.kernel }, facts: imageFacts(changes.facts) }
}

function imageFacts(changes: Partial<ImageFacts> = {}): ImageFacts {
  const programs = Object.fromEntries(
    ['bash', 'ls', 'mkfs.xfs', 'multipath', 'kpartx', 'dmsetup'].map((name) => [
      name,
      { path: `/usr/bin/${name}`, kind: 'file' as const },
    ]),
  )
  return {
    packageCommand: 'apt install',
    dracut,
    ...changes,
    programs: { ...programs, ...changes.programs },
    includes: { '/opt/rapido/src/guest/init': 'file', ...changes.includes },
    providers: { ...changes.providers },
  }
}

export const dracut: DracutFacts = {
  program: '/usr/bin/dracut',
  base: '/usr/lib/dracut',
  installer: '/usr/lib/dracut/dracut-install',
  local: false,
  version: '059-4',
  modules: ['bash', 'base', 'systemd', 'multipath'],
  distributionConf: ['01-dist.conf'],
}

const kernel: KernelPlan = {
  source: 'newest',
  release: '6.1.0-9-amd64',
  image: '/boot/vmlinuz-6.1.0-9-amd64',
  modulesDir: '/lib/modules/6.1.0-9-amd64',
  config:
    'CONFIG_XFS_FS=m\nCONFIG_DM_MULTIPATH=m\nCONFIG_SERIAL_8250=y\n# CONFIG_DM_DUST is not set\nCONFIG_UDF_FS=m\n',
  modules: new Map(
    ['fs/xfs/xfs.ko', 'drivers/md/dm-multipath.ko', 'drivers/char/virtio_console.ko.xz'].map((file) => [
      file
        .replace(/.*\//, '')
        .replace(/\.ko.*/, '')
        .replaceAll('-', '_'),
      `kernel/${file}`,
    ]),
  ),
  builtin: new Set(['8250', 'loop']),
}
