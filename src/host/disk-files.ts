import { constants } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { RapidoError } from '../errors.js'
import type { HeldFolder } from './hold.js'

/** A file that is a disk. `scratchMiB`: it is made for a run. */
interface DiskFile {
  id: string
  file: string
  scratchMiB: number | undefined
  readonly: boolean
}

/** Throws RapidoError: 'usage' where a named file is none that can be a disk, 'host' where it may not be opened. */
export async function requireDiskFiles(disks: readonly DiskFile[]): Promise<void> {
  for (const disk of disks) if (disk.scratchMiB === undefined) await requireDiskFile(disk)
}

async function requireDiskFile({ id, file, readonly }: DiskFile): Promise<void> {
  const what = `disk "${id}": ${file}`
  const found = await stat(file).catch(() => undefined)
  if (found === undefined) {
    throw new RapidoError('usage', `${what}: no such file`, { hint: `to make one: truncate -s 1G ${file}` })
  }
  if (!found.isFile() && !found.isBlockDevice()) {
    throw new RapidoError('usage', `${what} is neither a file nor a block device`)
  }
  const access = readonly ? constants.O_RDONLY : constants.O_RDWR
  // Of a block device that is mounted, or part of another device, the kernel lets nobody else have it alone.
  const alone = found.isBlockDevice() && !readonly ? constants.O_EXCL : 0
  try {
    await (await open(file, access | alone)).close()
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    if (code === 'EBUSY') throw new RapidoError('host', `${what} is in use on this host: mounted, or part of another`)
    throw new RapidoError('host', `${what} cannot be opened: ${message}`, {
      hint: readonly ? undefined : `--set disk.${id}.readonly=true only reads it`,
      cause,
    })
  }
}

/**
 * Makes the scratch disks, and sees to it that no other VM writes the others for as long as the holder lives. Throws
 * RapidoError('host') where one does.
 */
export async function takeDisks(disks: readonly DiskFile[], holder: HeldFolder): Promise<void> {
  for (const { id, file, scratchMiB, readonly } of disks) {
    if (scratchMiB !== undefined) {
      await makeSparse(file, scratchMiB * 1024 * 1024).catch((cause) => {
        throw new RapidoError('host', `disk "${id}": cannot make ${file}: ${(cause as Error).message}`, {
          hint: 'use a smaller size, or another place with paths.state',
          cause,
        })
      })
    } else if (!(await holder.lock(file, { shared: readonly }))) {
      throw new RapidoError('host', `disk "${id}": ${file} is in use by another VM`, {
        hint: `\`rapido ps\` lists yours; several may have it with --set disk.${id}.readonly=true, if all of them do`,
      })
    }
  }
}

/** A file that takes no room yet, and is for nobody else to read. */
async function makeSparse(file: string, bytes: number): Promise<void> {
  const handle = await open(file, 'wx', 0o600)
  try {
    await handle.truncate(bytes)
  } finally {
    await handle.close()
  }
}
