import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

/** No shell around us, and a .bashrc in the home that ends whoever reads it: bash -c does, with a socket as its input. */
const unitOfSystemd = { HOME: join(import.meta.dirname, 'test/fixtures/home'), SHLVL: '0' }

/** What the end-to-end tests may be run with is nothing for those that boot nothing. */
const noBoot = { ...unitOfSystemd, RAPIDO_START: 'snapshot' }

// Slow projects start when faster ones are done: a mistake shows in seconds, and timings are not disturbed.
export default defineConfig({
  test: {
    allowOnly: false,
    projects: [
      {
        test: {
          name: 'unit', // boots nothing
          include: ['test/unit/**/*.test.ts'],
          isolate: false, // half the time: zod, yargs and execa are loaded once for each worker, not for each file
          maxWorkers: 2, // each loads all of src/
          experimental: { fsModuleCache: true }, // below node_modules, by content: a third less the next time
          testTimeout: 30_000, // for a machine that is busy
          env: noBoot,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'integration', // real programs of this host (bash, perl, dracut, QEMU that boots nothing)
          include: ['test/integration/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          maxWorkers: 2,
          env: noBoot,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          name: 'e2e', // real VMs, by emulation where there is no KVM: two at a time keep two cores busy
          include: ['test/e2e/**/*.test.ts'],
          exclude: ['test/e2e/many.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          maxWorkers: 2,
          maxConcurrency: 3, // more guests at once only take turns
          sequence: { groupOrder: 3 },
        },
      },
      {
        test: {
          name: 'e2e-alone', // keeps the machine busy by itself
          include: ['test/e2e/many.test.ts'],
          sequence: { groupOrder: 4 },
        },
      },
    ],
  },
})
