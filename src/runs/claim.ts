import { RapidoError } from '../errors.js'
import { type HeldFolder, holdFolder } from '../host/hold.js'
import { vmFiles } from '../plan/state-files.js'

const mostVms = 1000

/**
 * Takes a VM number for this process: the wanted one, or the first that is free. Atomic, whoever else does the same;
 * free again, its folder gone, when the holder is released or this process ends.
 */
export async function claimVm(
  stateDir: string,
  options: { wanted?: number | undefined; signal?: AbortSignal | undefined },
): Promise<{ number: number; folder: HeldFolder }> {
  const { wanted, signal } = options
  const numbers = wanted === undefined ? Array.from({ length: mostVms }, (_, index) => index + 1) : [wanted]
  for (const number of numbers) {
    const folder = await holdFolder(vmFiles(stateDir, number).folder, { wait: false, signal })
    if (folder) return { number, folder }
  }
  if (wanted === undefined) throw new RapidoError('host', `all ${mostVms} VM numbers are taken`)
  throw new RapidoError('usage', `vm${wanted} is running already`, {
    hint: `see \`rapido ps\`; \`rapido stop ${wanted}\` ends it; without a number, the next free one is taken`,
  })
}
