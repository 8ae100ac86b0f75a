import { loadSettings } from '../config/load.js'
import { RemoteVm } from '../runs/remote.js'
import { findVm } from '../runs/vm-info.js'
import type { GlobalOptions, Io } from './io.js'
import { surroundings } from './options.js'

/** Where the running VMs are, by the settings that hold here. */
export async function stateFolder(argv: GlobalOptions, io: Io): Promise<string> {
  const { settings } = await loadSettings(surroundings(argv, io))
  return settings.paths.state
}

/** The VM that the user names. */
export async function runningVm(name: string, argv: GlobalOptions, io: Io): Promise<RemoteVm> {
  const stateDir = await stateFolder(argv, io)
  return new RemoteVm(stateDir, await findVm(stateDir, name))
}
