import { cephFaultVerbs } from './ceph-fault-verbs.js'
import { faultVerbs } from './fault-verbs.js'
import { type SettingRow, settingRows } from './rows.js'
import { tomlValue } from './toml-value.js'
import { usbFaultVerbs } from './usb-fault-verbs.js'

/** docs/faults.md: every verb of `rapido fault`, with what it takes. */
export function faultsPage(): string {
  const rows = Object.entries(faultVerbs).map(([verb, { about, undo, schema }]) => {
    const [target, ...options] = settingRows(schema)
    const names = targetNames[target?.name ?? ''] ?? whole(verb)
    return `| \`${verb}\` | ${names} | ${about} | ${undo === undefined ? '' : `\`${undo}\``} | ${options.map(optionText).join('; ')} |`
  })
  const table = ['| verb | of | does | undone by | options |', '| --- | --- | --- | --- | --- |', ...rows]
  return `${intro}\n\n${table.join('\n')}\n\n${notes}\n`
}

/** What a verb without a target is done to. */
function whole(verb: string): string {
  if (verb in usbFaultVerbs) return 'the USB gadget'
  return verb in cephFaultVerbs && !verb.startsWith('client') ? 'the cluster' : 'the VM'
}

const targetNames: Record<string, string> = {
  path: 'a path',
  disk: 'a disk',
  nic: 'a NIC',
  osd: 'an OSD',
  mds: 'an MDS',
  pool: 'a pool',
}

function optionText({ name, meaning, example, default: standard, unset }: SettingRow): string {
  const without = standard === undefined ? unset : tomlValue(standard)
  const written = typeof example === 'string' ? example : tomlValue(example)
  return `\`${name}=${written}\`: ${meaning.replace(/\.$/, '')}${without === undefined ? '' : ` (without: ${without})`}`
}

const intro = `# Faults

<!-- Made from src/config/fault-verbs.ts by tools/generate-docs.mjs. Do not edit. -->

\`rapido fault VM VERB [TARGET] [KEY=VALUE…]\` does a fault to a VM that runs, and returns once it is seen to work. Without a
verb it lists what the VM has: disks, their paths and what they are like, NICs. In the library and in
[scenarios](scenarios.md) the same is \`vm.fault('io-error', { path: 'hda', every: 10 })\`. What cannot work on that target is
refused before it is tried (status 2); what QEMU refuses, or what has no effect, is status 3.`

const notes = `A disk with the id \`hd\` has the paths \`hda\`, \`hdb\`, …: each is a drive and a device of QEMU of that name. After
\`path-restore\` and \`plug\` the drive has a new one (hda2), for QEMU never gives a name twice; the path is called as before.
Who prefers QEMU's monitor (Ctrl-A c, or \`rapido monitor VM drive_del hda\`) may mix both: the state of a path is asked of QEMU.

- **\`path-dead\`** is \`drive_del\`: the guest sees "medium not present". multipathd fails the path with the next I/O, or its checker does.
- **\`io-error\`** swaps an injector (QEMU's blkdebug) in below the disk while it runs. SCSI and NVMe drivers retry: with \`every\` above 1
  a guest may see nothing at all. multipathd's checker \`tur\` finds nothing wrong with such a path and
  takes it back each time; \`multipath.checker = "directio"\` does not.
- **\`hang\`** answers one more operation and then none. virtio and SCSI drivers of Linux wait for ever, so that multipath does not
  fail over; NVMe gives up after 30 s.
- **\`slow\`** is QEMU's throttling. With \`latency\` operations begin that far apart, so that each of a row takes so
  long; the first one after a pause does not.
- **\`unplug\`** needs a guest that lets go of the device (15 s at most).
- **\`resize\`** to a smaller size is noticed by a SCSI guest only when it rescans, and cuts a \`file\` of yours off:
  resizing it back does not bring back what was there.
- **\`reset\`** runs boot.sh again; files of the initramfs are as new, disks are as they were, but those on zram.
- **\`power-cut\`** ends the VM. What it wrote to a disk with a \`file\` is there for the next VM; scratch disks go with it. QEMU
  keeps what it was given, so a file system that forgets to flush is not found out.

Those of a USB gadget are done in the guest that has it, to all gadgets that configfs has there: that of the profiles
\`usb-gadget\` and \`usbip-device\`, or of a script of yours.

- **\`usb-unplug\`** takes the gadget off its controller: gone within 10 ms, and I/O gets EIO. XFS shuts down with the next write to its
  log, when it is unmounted at the latest. Unmount before \`usb-plug\`, or the disk gets another name; \`gadget-disk\` in the guest
  waits for it, prints its name, and sets its link.
- **\`usb-plug\`** returns when the host's side has configured the device (10 s at most), a moment before the disk is there. With USB
  over IP the other guest has to attach it again: \`attach-gadget\`.
- **\`usb-eject\`** leaves the device and takes the medium, whether or not the host has locked it. The guest notices with its next I/O.

Those of a Ceph cluster work on the one that the VM uses, \`rapido fault ceph VERB\` on the throwaway one without a VM; its
daemons are listed by \`rapido fault ceph\`. [ceph.md](ceph.md) tells what a guest sees of each.`
