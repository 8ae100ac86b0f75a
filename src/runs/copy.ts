import { stat } from 'node:fs/promises'
import { basename, dirname, resolve } from 'node:path'
import { PassThrough } from 'node:stream'
import { RapidoError } from '../errors.js'
import { startPiped } from '../host/piped.js'
import type { RemoteVm } from './remote.js'

interface Copy {
  from: string
  to: string
  cwd: string // of the host
}

// As with cp: an existing folder takes the copy in under its name, anything else is the copy's own new name. Both ways
// are a tar stream between the two sides, so that folders, modes and links come through.

export async function copyToGuest(vm: RemoteVm, { from, to, cwd }: Copy): Promise<void> {
  const source = resolve(cwd, from)
  await stat(source).catch((cause) => {
    throw new RapidoError('usage', `cp: no such file or folder: ${source}`, { cause })
  })
  const pack = await startPiped('tar', ['-C', dirname(source), '-c', '--', basename(source)])
  const { errors, sink } = collector()
  const argv = ['bash', '-c', unpackScript, 'cp', to, basename(source)]
  try {
    const status = await vm.exec({ argv, cwd: '/root' }, { stdin: pack.stdout, stdout: sink, stderr: sink })
    if (status !== 0) pack.kill() // it may have much to write still, and nobody reads it
    const packed = await pack.ended
    if (status !== 0 || packed.status !== 0) throw failed(vm, errors(), packed.stderr)
  } finally {
    pack.kill()
  }
}

export async function copyFromGuest(vm: RemoteVm, { from, to, cwd }: Copy): Promise<void> {
  const target = resolve(cwd, to) + (to.endsWith('/') ? '/' : '') // which says that it is a folder
  const unpack = await startPiped('bash', ['--norc', '-c', unpackScript, 'cp', target, basename(from)])
  const { errors, sink } = collector()
  const argv = ['tar', '-C', dirname(from), '-c', '--', basename(from)]
  const executing = vm.exec({ argv, cwd: '/root' }, { stdout: unpack.stdin, stderr: sink })
  const status = await executing.finally(() => unpack.stdin.end()) // a VM that goes must not leave it waiting
  const unpacked = await unpack.ended
  if (status !== 0 || unpacked.status !== 0) throw failed(vm, errors(), unpacked.stderr)
}

/** Unpacks a stream with one entry at its top, $2, as $1 or into $1. The same in the guest as on the host. */
const unpackScript = `
if [ -d "$1" ]; then exec tar -x -C "$1" --no-same-owner; fi
case $1 in */) echo "no such folder: $1" >&2; exit 1 ;; esac
mkdir -p "$(dirname "$1")" && folder=$(mktemp -d "$(dirname "$1")/.rapido-cp.XXXXXX") || exit
tar -x -C "$folder" --no-same-owner && mv -T "$folder/$2" "$1"
status=$?
rm -rf "$folder"
exit $status`

function collector(): { sink: PassThrough; errors: () => string } {
  const chunks: Buffer[] = []
  const sink = new PassThrough()
  sink.on('data', (chunk: Buffer) => chunks.push(chunk))
  return { sink, errors: () => Buffer.concat(chunks).toString() }
}

function failed(vm: RemoteVm, guest: string, host: string): RapidoError {
  const said = [guest, host].map((text) => text.trim()).filter(Boolean)
  return new RapidoError('guest', `cp with vm${vm.info.number} failed: ${said.join('\n')}`)
}
