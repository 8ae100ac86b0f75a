import { setMaxListeners } from 'node:events'
import { RapidoError } from '../errors.js'
import type { Emit } from './events.js'
import type { Member } from './plan-group.js'
import { type StartOptions, startVm } from './start-vm.js'
import type { Vm } from './vm.js'

/** A machine of a run that is up. */
export interface Started extends Member {
  vm: Vm
}

/**
 * Starts all machines of a run at once; each is told the numbers of all. Where one fails the others are taken down
 * again, and the error says which it was.
 */
export async function startGroup(
  members: Member[],
  options: StartOptions & { emitFor(member: Member): Emit },
): Promise<Started[]> {
  const failed = new AbortController()
  const signal = AbortSignal.any([options.signal, failed.signal])
  setMaxListeners(0, signal) // every machine listens
  const roll = callRoll(members.length, signal)
  const starting = members.map(async (member): Promise<Started> => {
    const emit: Emit = (event) => {
      if (event.type === 'claimed') roll.present(member.role ?? '', event.number)
      options.emitFor(member)(event)
    }
    try {
      const alone = member.role === undefined
      const vm = await startVm(member.plan, {
        ...options,
        signal,
        emit,
        role: member.role,
        roles: alone ? undefined : roll.all,
      })
      return { ...member, vm }
    } catch (error) {
      failed.abort(inRole(member.role, error))
      throw error
    }
  })
  const outcomes = await Promise.allSettled(starting)
  if (!signal.aborted) return outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
  await Promise.all(outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value.vm.stop() : undefined)))
  throw signal.reason
}

/** An error as that of one machine among others. */
export function inRole(role: string | undefined, error: unknown): unknown {
  if (role === undefined || !(error instanceof RapidoError)) return error
  return new RapidoError(error.code, `${role}: ${error.message}`, { hint: error.hint, cause: error })
}

/** Waits until every machine has its number. */
function callRoll(count: number, signal: AbortSignal) {
  const numbers = new Map<string, number>()
  let complete!: (all: ReadonlyMap<string, number>) => void
  const all = new Promise<ReadonlyMap<string, number>>((resolve, reject) => {
    complete = resolve
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
  all.catch(() => {}) // told by whoever waits for it
  return {
    present(role: string, number: number) {
      numbers.set(role, number)
      if (numbers.size === count) complete(numbers)
    },
    all: () => all,
  }
}
