import { existsSync } from 'node:fs'
import { appendFile, cp, mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runProgram } from '../program.mjs'
import { setting } from './rapido.mjs'

const profiles = join(import.meta.dirname, '../../profiles')

/**
 * The modules of the kernel under a folder of ours, hard links where that may be. `change` changes one that every image
 * has, as a build would: another file in its place, of other content.
 */
export async function copyModules({ folder, release }) {
  const root = join(folder, 'modules')
  const to = join(root, 'lib/modules', release)
  if (!existsSync(to)) await copyFolder(`/lib/modules/${release}`, to)
  const changed = join(to, await moduleFile(to, 'virtio_console'))
  const original = await readFile(changed)
  let changes = 0
  return {
    sets: setting('kernel.modules', root),
    change: async () => {
      changes += 1
      await writeFile(`${changed}.new`, Buffer.concat([original, Buffer.alloc(changes)]))
      await rename(`${changed}.new`, changed) // the link must not lead the change to the original
    },
  }
}

/** A profile like another one, of the user; `change` changes its boot.sh, which it has from `script`. */
export async function copyProfile(of, { script, folder }) {
  const name = `bench-${of}`
  const to = join(folder, 'profiles', name)
  await cp(join(profiles, of), to, { recursive: true })
  await cp(join(profiles, script, 'boot.sh'), join(to, 'boot.sh'))
  return { name, change: () => appendFile(join(to, 'boot.sh'), `# changed ${performance.now()}\n`) }
}

async function copyFolder(from, to) {
  await mkdir(join(to, '..'), { recursive: true })
  for (const how of ['--link', '--reflink=auto']) {
    if ((await runProgram('cp', ['-a', how, '-T', '--remove-destination', from, to])).status === 0) return
  }
  throw new Error(`cannot copy ${from} to ${to}`)
}

/** Where a module is, below the folder of all. */
async function moduleFile(folder, name) {
  const line = new RegExp(String.raw`^(\S*/${name}\.ko):`, 'm').exec(
    await readFile(join(folder, 'modules.dep'), 'utf8'),
  )
  if (line === null) throw new Error(`${name} is built in or compressed: no row of changed modules can be measured`)
  return line[1]
}
