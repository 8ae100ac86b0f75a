import { resolve } from 'node:path'
import type { Settings } from '../config/schema.js'
import { writeAtomic } from '../host/write.js'
import { type CephAccess, clientConf } from '../plan/ceph-access.js'
import type { VmFiles } from '../plan/state-files.js'

/** Writes the ceph.conf with which the QEMU of a VM uses RBD images, and the key, where no keyring has it. */
export async function writeClientConf(
  files: VmFiles,
  access: CephAccess,
  { settings, secrets }: { settings: Settings; secrets: ReadonlyMap<string, string> },
): Promise<void> {
  const { keyring } = access
  if (keyring === undefined) await writeAtomic(files.cephKey, secrets.get('ceph_key') ?? '')
  const key = keyring === undefined ? { keyfile: files.cephKey } : { keyring: resolve(keyring) }
  await writeAtomic(files.cephConf, clientConf(access, settings, key))
}
