import { randomBytes } from 'node:crypto'
import { chmod, copyFile, rename, rm, utimes } from 'node:fs/promises'
import { RapidoError } from '../errors.js'
import { lookAt } from './inputs.js'

/** Copies an image to image.output, where that has not been done: all of it or nothing, mode 0600. */
export async function copyOutput(image: string, output: string | undefined): Promise<void> {
  if (output === undefined) return
  const from = lookAt(image)
  const to = lookAt(output)
  if (from === undefined) return
  const seconds = Number(from.mtimeMs / 1000n) // a copy gets its original's time, as far as it is exact
  if (to?.isFile() && to.size === from.size && Number(to.mtimeMs) === seconds * 1000) return
  const temporary = `${output}.${process.pid}.${randomBytes(4).toString('hex')}`
  try {
    await copyFile(image, temporary)
    await chmod(temporary, 0o600)
    await utimes(temporary, seconds, seconds)
    await rename(temporary, output)
  } catch (cause) {
    await rm(temporary, { force: true })
    const said = cause instanceof Error ? cause.message : String(cause)
    throw new RapidoError('host', `cannot write image.output ${output}: ${said}`, {
      hint: 'set image.output to a file in a folder that you can write to',
      cause,
    })
  }
}
