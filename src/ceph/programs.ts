import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Settings } from '../config/schema.js'
import { RapidoError } from '../errors.js'
import { installCommand, packageManager, providerOf } from '../host/packages.js'
import { programFinder } from '../host/programs.js'
import { type CephPrograms, programsOfTree } from '../plan/ceph-cluster.js'

const daemons = ['ceph-mon', 'ceph-osd', 'ceph-mgr', 'ceph-mds', 'monmaptool']

/** What a throwaway cluster is made of. Throws RapidoError('host') that lists all that is missing, with its packages. */
export function findDaemons(settings: Settings): CephPrograms {
  const { src } = settings.ceph
  if (src !== undefined) {
    const missing = [...daemons, 'ceph'].filter((name) => !existsSync(join(src, 'build/bin', name)))
    if (missing.length === 0) return findClient(settings)
    throw notBuilt(src, missing)
  }
  requireAll([...daemons, 'ceph'])
  return findClient(settings)
}

/** What asks a cluster. Throws RapidoError('host') where there is none. */
export function findClient(settings: Settings): CephPrograms {
  const { src } = settings.ceph
  if (src !== undefined) {
    if (!existsSync(join(src, 'build/bin/ceph'))) throw notBuilt(src, ['ceph'])
    const modules = join(src, 'build/lib/cython_modules')
    const [cython = 'lib.3'] = existsSync(modules) ? readdirSync(modules) : []
    return programsOfTree(src, { cython: join(modules, cython), python: pythonOf(join(src, 'build/bin/ceph')) })
  }
  requireAll(['ceph'])
  const ceph = programFinder()('ceph') as string
  return { folder: undefined, env: {}, conf: [], python: pythonOf(ceph) }
}

function notBuilt(src: string, missing: string[]): RapidoError {
  return new RapidoError('host', `ceph.src: ${join(src, 'build/bin')} has no ${missing.join(', ')}`, {
    hint: 'build the tree first: ./do_cmake.sh && ninja -C build vstart',
  })
}

/** The modules of the manager: its folders, as `mgr module path` has them. */
export function managerModules(settings: Settings): string[] {
  const { src } = settings.ceph
  const folder = src === undefined ? '/usr/share/ceph/mgr' : join(src, 'src/pybind/mgr')
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && existsSync(join(folder, entry.name, '__init__.py')))
      .map(({ name }) => name)
      .sort()
  } catch {
    return []
  }
}

/** The interpreter of `ceph`, which has the bindings: another python3 may come first on PATH. */
function pythonOf(program: string): string {
  const [, python] = /^#! *(\/\S*python3\S*)/.exec(readFileSync(program, 'utf8').slice(0, 200)) ?? []
  return python ?? 'python3'
}

function requireAll(names: string[]): void {
  const find = programFinder()
  const missing = names.filter((name) => find(name) === undefined)
  if (missing.length === 0) return
  const manager = packageManager()
  const packages = missing.flatMap((name) => {
    const provider = providerOf(name, manager)
    return 'package' in provider ? provider.package : []
  })
  throw new RapidoError('host', `Ceph is missing: no ${missing.join(', ')} on PATH`, {
    hint: `${installCommand(manager, packages)}; or sh tools/setup.sh --with ceph`,
  })
}
