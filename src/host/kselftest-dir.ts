import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { RapidoError } from '../errors.js'
import { kindOf } from './programs.js'

/** An installed folder of kernel selftests. */
export interface KselftestDir {
  root: string
  list: string // text of kselftest-list.txt: "collection:test" a line
  listPath: string
}

/**
 * Finds the installed selftests: `dir` where it is set, else those of a kernel tree. Throws RapidoError('usage') where
 * that is no such folder, and RapidoError('host') where none is installed.
 */
export function findKselftests({ dir, src }: { dir: string | undefined; src: string | undefined }): KselftestDir {
  const root = dir ?? requireInstalled(src)
  if (kindOf(root) !== 'folder')
    throw new RapidoError('usage', `kselftest.dir: there is no folder ${root}`, { hint: how(src) })
  const listPath = join(root, 'kselftest-list.txt')
  for (const path of [join(root, 'run_kselftest.sh'), listPath]) {
    if (kindOf(path) === 'file') continue
    throw new RapidoError('usage', `kselftest.dir: ${root} has no installed selftests: no ${path}`, { hint: how(src) })
  }
  return { root, list: textOf(listPath), listPath }
}

/**
 * The selftests that are installed in a kernel tree, undefined where there are none. `make install` puts them in the folder
 * of selftests, unless KSFT_INSTALL_PATH says otherwise.
 */
export function installedKselftests(src: string): string | undefined {
  return placesIn(src).find((place) => kindOf(join(place, 'run_kselftest.sh')) === 'file')
}

function placesIn(src: string): string[] {
  return [join(src, 'kselftest_install'), join(src, 'tools/testing/selftests/kselftest_install')]
}

function requireInstalled(src: string | undefined): string {
  if (src === undefined) {
    throw new RapidoError('usage', 'neither kselftest.dir nor kernel.src is set: which selftests?', {
      hint: `set kselftest.dir in rapido.toml, or with --set kselftest.dir=FOLDER; ${how(src)}`,
    })
  }
  const found = installedKselftests(src)
  if (found !== undefined) return found
  throw new RapidoError('host', `no selftests are installed in ${src}: no ${placesIn(src).join(' and no ')}`, {
    hint: how(src),
  })
}

function how(src = '~/linux'): string {
  return `cd ${src} && make headers && make -C tools/testing/selftests TARGETS="seccomp timers" install`
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new RapidoError('host', `${path} cannot be read`, { hint: `make it readable: chmod a+r ${path}`, cause })
  }
}
