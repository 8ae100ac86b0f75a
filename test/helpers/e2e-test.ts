import { test as base } from 'vitest'
import { expectNothingLeft } from './nothing-left.js'
import { Sandbox } from './sandbox.js'

/** An end-to-end test: what it takes is made for it, and nothing may be left of any rapido in it. */
export const test = base.extend<{ box: Sandbox; boxWithOwnCache: Sandbox }>({
  box: async ({ task }, use) => {
    const box = new Sandbox()
    await use(box)
    await close(box, { failed: task.result?.state === 'fail' })
  },
  boxWithOwnCache: async ({ task }, use) => {
    const box = new Sandbox({ ownCache: true })
    await use(box)
    await close(box, { failed: task.result?.state === 'fail' })
  },
})

/** For tests of several VMs at once: with a CPU each, which they share with all the others, they boot sooner. */
export const testOfSeveral = test.extend<{ box: Sandbox }>({
  box: async ({ task }, use) => {
    const box = new Sandbox({ cpus: 1 })
    await use(box)
    await close(box, { failed: task.result?.state === 'fail' })
  },
})

async function close(box: Sandbox, { failed }: { failed: boolean }): Promise<void> {
  try {
    if (failed) console.error(box.describe())
    else await expectNothingLeft(box, { withinMs: 5000 }) // a network, and a supervisor, go a moment after their VM
  } finally {
    box.remove()
  }
}
