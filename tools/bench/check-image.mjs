// Prints how many milliseconds a fresh process takes from the command line to the cached image of `simple`: reading
// configuration, profile and host, and finding that the image is current.
import { homedir } from 'node:os'
import { parseArgs } from 'node:util'
import { ensureImage } from '../../build/image/ensure.js'
import { planRun } from '../../build/runs/plan-run.js'

const { values } = parseArgs({ options: { set: { type: 'string', multiple: true } } })
const startedMs = performance.now()
const plan = await planRun('simple', { cwd: process.cwd(), home: homedir(), env: process.env, sets: values.set })
await ensureImage(plan.image, { cacheDir: plan.settings.paths.cache, emit: () => {} })
console.log(performance.now() - startedMs)
