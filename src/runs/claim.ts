import { RapidoError } from '../errors.js'
import { type HeldFolder, holdFolder } from '../host/hold.js'
import { vmFiles } from '../plan/state-files.js'

const mostVms = 1000

/** The folders of the VMs of this process: to ask for one of these again takes a process, and who starts many asks often. */
const own = new Set<string>()

/**
 * Takes a VM number for this process: the wanted one; or the one it had `before`, or else the first that is free. Atomic,
 * whoever else does the same; free again, its folder gone, when the holder is released or this process ends.
 */
export async function claimVm(
  stateDir: string,
  options: { wanted?: number | undefined; before?: number | undefined; signal?: AbortSignal | undefined },
): Promise<{ number: number; folder: HeldFolder }> {
  const { wanted, before, signal } = options
  const all = Array.from({ length: mostVms }, (_, index) => index + 1)
  const numbers = wanted === undefined ? [...(before === undefined ? [] : [before]), ...all] : [wanted]
  for (const number of numbers) {
    const path = vmFiles(stateDir, number).folder
    if (own.has(path)) continue
    own.add(path)
    const folder = await holdFolder(path, { wait: false, signal }).catch((error) => {
      own.delete(path)
      throw error
    })
    if (folder)
      return { number, folder: { ...folder, release: () => folder.release().finally(() => own.delete(path)) } }
    own.delete(path)
  }
  if (wanted === undefined) throw new RapidoError('host', `all ${mostVms} VM numbers are taken`)
  throw new RapidoError('usage', `vm${wanted} is running already`, {
    hint: `see \`rapido ps\`; \`rapido stop ${wanted}\` ends it; without a number, the next free one is taken`,
  })
}
