import type { Writable } from 'node:stream'

/** Writes to a stream; returns when it takes more, or never will: a slow reader slows the writer, a gone one does not. */
export async function writeAll(stream: Writable, chunk: Buffer): Promise<void> {
  if (stream.write(chunk) || stream.destroyed) return
  await new Promise<void>((resolve) => {
    const done = () => {
      stream.off('drain', done)
      stream.off('close', done)
      resolve()
    }
    stream.on('drain', done)
    stream.on('close', done)
  })
}
