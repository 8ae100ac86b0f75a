import { arch } from './arch.js'
import type { ChannelPlan, MachinePlan } from './machine.js'

/**
 * The kernel's command line, one word each; `clocks` are those of an emulated machine (clock-args.ts); `extra` (kernel.params)
 * comes last, so that it wins.
 */
export function kernelArgs(plan: {
  accel: MachinePlan['accel']
  clocks: string[]
  channel: ChannelPlan
  extra: string[]
}): string[] {
  return [
    `console=${arch.console}`,
    'loglevel=5', // an emulated serial line is slow: information waits for the guest to be ready (bootedLogLevel)
    'printk.time=1', // tells the kernel's lines from those of programs (src/machine/incidents.ts)
    'sysrq_always_enabled', // who hangs is asked over the console (src/machine/hang.ts)
    'panic=-1', // reboot at once; with -no-reboot that ends QEMU
    ...(plan.accel === 'tcg' ? plan.clocks : []),
    // Emulated code is translated anew wherever it stands: a program that always stands in the same place starts three times
    // as fast (docs/decisions/0015-no-aslr-under-emulation.md).
    ...(plan.accel === 'tcg' ? ['norandmaps'] : []),
    // Half a second of emulated cryptography that no test asked for: docs/decisions/0018-slow-under-emulation.md.
    ...(plan.accel === 'tcg' ? ['cryptomgr.notests', 'initcall_blacklist=crypto_kdf108_init'] : []),
    ...(plan.channel.kind === 'serial' ? [`rapido.channel=${arch.serialChannel}`] : []),
    ...plan.extra,
  ]
}

/** For /proc/sys/kernel/printk once the guest is ready: information, too, is on the console from then on. */
export const bootedLogLevel = '7'
