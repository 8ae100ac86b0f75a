import { type LoadedSettings, loadSettings } from '../config/load.js'
import { installedKselftests } from '../host/kselftest-dir.js'
import type { Surroundings } from './plan-run.js'

/** The settings that hold for a profile, with those that are found on this host where they are not set. */
export async function loadProfileSettings(profile: string, from: Surroundings): Promise<LoadedSettings> {
  const { settings, file } = await loadSettings({ ...from, profile })
  const { kselftest, kernel } = settings
  const dir = kselftest.dir ?? (kernel.src === undefined ? undefined : installedKselftests(kernel.src))
  return { settings: { ...settings, kselftest: { ...kselftest, dir } }, file }
}
