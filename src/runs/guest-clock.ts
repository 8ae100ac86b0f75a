import { once } from 'node:events'
import type { Vm } from './vm.js'

const patienceMs = 5000

// The kernel's log tells when it ran init, by its own clock; so that this can be compared with ours, the kernel is told a
// line now. It is a debug message: the console does not show it.
const readKernelLog = String.raw`
  my ($init, $now) = (0, 0);
  sysopen(LOG, "/dev/kmsg", 04002);
  syswrite(LOG, "<7>rapido: now\n");
  while (defined(sysread(LOG, my $record, 8192)) || $! == 32) {    # EPIPE: some were lost
    my ($us, $text) = $record =~ /^[^,]*,[^,]*,(\d+)[^;]*;(.*)/ or next;
    $init = $us if $text =~ /^Run \S+ as init process/;
    $now = $us if $text eq "rapido: now";
  }
  print "$init $now";
`

/**
 * When the kernel of a guest that was booted ran its init, on the clock of `performance.now()`. Undefined where the guest
 * cannot tell, or was restored from a snapshot.
 */
export async function initRanAt(vm: Vm): Promise<number | undefined> {
  if (vm.machine.isRestored) return undefined
  try {
    const reader = vm.start(['perl', '-e', readKernelLog])
    reader.stdin.end()
    reader.stderr.resume()
    const [answer] = (await vm.within('the kernel log', patienceMs, once(reader.stdout, 'data'))) as [Buffer]
    const answeredAt = performance.now()
    reader.stdout.resume()
    const [initUs, nowUs] = answer.toString().split(' ').map(Number) as [number, number]
    return initUs > 0 && nowUs > 0 ? answeredAt - (nowUs - initUs) / 1000 : undefined
  } catch {
    return undefined // it is for a report of times: nothing else hangs on it
  }
}
