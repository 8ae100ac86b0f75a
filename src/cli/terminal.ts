import type { WindowSize } from '../host/pty-process.js'
import type { Io } from './io.js'

const ctrlA = 0x01
const endOfTransmission = Buffer.from([0x04])

/** Size of the terminal that stdout is, or the usual one. */
export function windowSize(io: Io): WindowSize {
  return { rows: io.stdout.rows ?? 24, columns: io.stdout.columns ?? 80 }
}

/**
 * Ties this terminal to a console: keys go through raw, one by one, so that Ctrl-C is the guest's and Ctrl-A QEMU's.
 * With `detach`, Ctrl-A d calls it and is not passed on. Returns what restores the terminal.
 */
export function attachTerminal(
  io: Io,
  to: { write(data: Buffer): void; resize(size: WindowSize): void; detach?: () => void },
): () => void {
  let afterCtrlA = false
  const onData = (chunk: Buffer) => {
    if (!to.detach) return to.write(chunk)
    const passed: number[] = []
    for (const byte of chunk) {
      if (afterCtrlA && byte === 'd'.charCodeAt(0)) {
        afterCtrlA = false
        to.detach()
        continue
      }
      if (afterCtrlA) passed.push(ctrlA) // held back until it was clear whose it is
      afterCtrlA = !afterCtrlA && byte === ctrlA
      if (!afterCtrlA) passed.push(byte)
    }
    if (passed.length > 0) to.write(Buffer.from(passed))
  }
  let ending: NodeJS.Timeout | undefined
  const onEnd = () => {
    if (to.detach) return to.detach()
    to.write(endOfTransmission)
    // A shell that was not at its prompt took it for something else.
    ending = setInterval(() => to.write(endOfTransmission), 1000)
  }
  const onResize = () => to.resize(windowSize(io))

  if (io.stdin.isTTY) io.stdin.setRawMode?.(true)
  io.stdin.on('data', onData)
  io.stdin.on('end', onEnd)
  io.stdout.on('resize', onResize)
  if (io.stdin.readableEnded) onEnd() // at an earlier console, before a reboot: it tells only once
  io.stdin.resume() // paused since an earlier console
  return () => {
    clearInterval(ending)
    io.stdin.off('data', onData)
    io.stdin.off('end', onEnd)
    io.stdout.off('resize', onResize)
    if (io.stdin.isTTY) io.stdin.setRawMode?.(false)
    io.stdin.pause()
  }
}
