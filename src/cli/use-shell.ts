import type { Vm } from '../runs/vm.js'
import type { Io } from './io.js'
import type { Progress } from './progress.js'
import { attachTerminal, windowSize } from './terminal.js'

/** A login shell on the console, for who sits at our terminal; returns when it ends, or the machine does. */
export async function useShell(vm: Vm, { io, progress }: { io: Io; progress: Progress }): Promise<void> {
  progress.done()
  progress.say(`vm${vm.number}, Linux ${vm.kernelRelease}: Ctrl-A c is QEMU's monitor, Ctrl-A x quits, exit powers off`)
  const { console } = vm.machine
  const size = windowSize(io)
  const attach = () => attachTerminal(io, { write: (data) => console.write(data), resize: (to) => vm.resize(to) })
  let restore: (() => void) | undefined
  const unlisten = console.listen((chunk) => {
    io.stdout.write(chunk)
    restore ??= attach() // what a pipe has for the shell would be lost before its first prompt
  })
  try {
    if (io.stdin.isTTY) restore = attach()
    do {
      const shell = vm.startShell(size)
      shell.stdout.resume()
      shell.stderr.pipe(io.stderr, { end: false })
      await Promise.race([shell.exit, vm.machine.ended]).catch(() => {}) // how the machine ended is told in the end
    } while (await vm.isReset())
  } finally {
    unlisten()
    restore?.()
  }
}
