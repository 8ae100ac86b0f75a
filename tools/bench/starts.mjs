import { statSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { byHand, mebibytes } from './by-hand.mjs'
import { copyModules, copyProfile } from './copies.mjs'
import { setting } from './rapido.mjs'
import { inTurns } from './rows.mjs'

const fstestsTree = join(import.meta.dirname, '../../test/fixtures/fstests-tree')
const fstestsSets = [...setting('fstests.src', fstestsTree), ...setting('fstests.size', '1G')]

// What is measured; `bounds` are those of issue 8. By hand, `simple` is a shell and nothing else.
export const simple = {
  name: 'simple',
  bounds: { cold: 0.7, warm: 0.5, moduleMs: 400, script: 1.1, snapshot: 0.12, usual: 1 },
  handContents: async () => ({}),
}
export const multipath = { name: 'multipath', bounds: {} }
export const fstests = { name: 'fstests-xfs', script: 'fstests', sets: fstestsSets, bounds: {} }

/** All ways to start a profile, from the command to the end of `-x true` with the power off, beside doing it by hand. */
export function starts({ name, script = name, sets = [], bounds, handContents }, rapido) {
  const argv = [...rapido.sets, ...sets]
  const hand = byHand(rapido, { name, contents: handContents ?? (() => contentsOf(name, { rapido, argv })) })
  const run = (profile, ...more) => ['run', profile, '-x', 'true', ...argv, ...more]
  const emptyCache = join(rapido.folder, `empty-${name}`)
  const withEmptyCache = async (...more) => {
    await rm(emptyCache, { recursive: true, force: true })
    return rapido.timed(run(name, ...more), { XDG_CACHE_HOME: emptyCache })
  }
  let modules
  let profile

  const cases = {
    'hand dracut': hand.buildImage,
    'hand boot': hand.boot,
    cut: () => rapido.timed(['cut', name, '--force', ...argv], { XDG_CACHE_HOME: emptyCache }),
    cold: () => withEmptyCache('--cold'),
    first: () => withEmptyCache(),
    warm: () => rapido.timed(run(name, '--cold')),
    module: async () => {
      await modules.change()
      return rapido.timed(run(name, '--cold', ...modules.sets))
    },
    script: async () => {
      await profile.change()
      return rapido.timed(run(profile.name))
    },
    snapshot: () => rapido.timed(run(name)),
    'hand image': async () => hand.imageMiB(),
    image: async () => mebibytes((await rapido.succeed(['cut', name, ...argv])).trim()),
  }
  return {
    title: `starting ${name}`,
    rows: rowsFor(name, bounds),
    missing: async () => ((await rapido.isThere(name, ...sets)) ? undefined : 'what the profile needs: rapido doctor'),
    measure: async (rounds, needed) => {
      if (['hand dracut', 'hand boot', 'hand image'].some((one) => needed.has(one))) await hand.prepare()
      // Each of these has its image and its snapshot from here on.
      await rapido.timed(run(name))
      if (needed.has('module')) modules = await copyModules(rapido)
      if (needed.has('module')) await rapido.timed(run(name, '--cold', ...modules.sets))
      if (needed.has('script')) profile = await copyProfile(name, { script, folder: rapido.folder })
      if (needed.has('script')) await rapido.timed(run(profile.name))
      return inTurns(rounds, cases, needed)
    },
  }
}

function rowsFor(name, bounds) {
  const ms = { unit: 'ms' }
  const whole = ['hand dracut', 'hand boot']
  return [
    {
      what: `${name}: cold, empty cache / dracut and boot by hand`,
      ...ms,
      ours: 'cold',
      theirs: whole,
      ratio: bounds.cold,
    },
    { what: `${name}: empty cache, snapshot made / dracut and boot by hand`, ...ms, ours: 'first', theirs: whole },
    {
      what: `${name}: warm, image cached / boot by hand`,
      ...ms,
      ours: 'warm',
      theirs: 'hand boot',
      ratio: bounds.warm,
    },
    { what: `${name}: one module changed / warm`, ...ms, ours: 'module', theirs: 'warm', within: bounds.moduleMs },
    { what: `${name}: boot.sh changed / snapshot`, ...ms, ours: 'script', theirs: 'snapshot', ratio: bounds.script },
    { what: `${name}: snapshot / boot by hand`, ...ms, ours: 'snapshot', theirs: 'hand boot', ratio: bounds.snapshot },
    {
      what: `run ${name} -x true, as usual / boot by hand`,
      ...ms,
      ours: 'snapshot',
      theirs: 'hand boot',
      ratio: bounds.usual,
    },
    { what: `rapido cut ${name} --force / dracut`, ...ms, ours: 'cut', theirs: 'hand dracut' },
    { what: `${name}: the image / by hand`, unit: 'MiB', ours: 'image', theirs: 'hand image' },
  ]
}

/** The programs, drivers and folders of a profile, as far as dracut takes them by hand. */
async function contentsOf(name, { rapido, argv }) {
  const { image } = JSON.parse(await rapido.succeed(['show', name, '--json', ...argv]))
  const paths = image.programs.map(({ path, place }) => ({
    from: path,
    to: place,
    isFolder: statSync(path).isDirectory(),
  }))
  return {
    programs: paths.filter(({ isFolder }) => !isFolder).map(({ from }) => from),
    folders: [...paths.filter(({ isFolder }) => isFolder), ...image.trees],
    drivers: image.drivers,
  }
}
