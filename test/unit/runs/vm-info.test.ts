import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { findVm, readVmInfos } from '../../../src/runs/vm-info.js'
import { deadPid, recordVm } from '../../helpers/vm-records.js'

let state: string

beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'rapido-vms-'))
})

afterEach(() => rmSync(state, { recursive: true }))

describe('the VMs that run', () => {
  test('are none where no state is', async () => {
    expect(await readVmInfos(join(state, 'none'))).toEqual([])
  })

  test('come by number, as they were recorded', async () => {
    const infos = [10, 9, 1].map((number) => recordVm(state, { number, state: number === 9 ? 'booting' : 'ready' }))
    expect(await readVmInfos(state)).toEqual(infos.reverse().map((info) => JSON.parse(JSON.stringify(info))))
  })

  test('do not include one that is just being made, is half written, or has nobody to supervise it', async () => {
    recordVm(state, { number: 1 })
    mkdirSync(join(state, 'vms/2'))
    mkdirSync(join(state, 'vms/3'))
    writeFileSync(join(state, 'vms/3/info.json'), '{"number": 3')
    recordVm(state, { number: 4, pid: deadPid() })
    writeFileSync(join(state, 'vms/junk'), '')
    expect((await readVmInfos(state)).map(({ number }) => number)).toEqual([1])
  })
})

describe('a VM', () => {
  test.each(['12', 'vm12', 'rapido12'])('is found as %s', async (name) => {
    recordVm(state, { number: 12 })
    expect((await findVm(state, name)).number).toBe(12)
  })

  test.each(['13', 'simple', '', '1.5', '-12', '../vms/12'])(
    'is not found as %j; those that run are named',
    async (name) => {
      recordVm(state, { number: 12, profile: 'xfs' })
      recordVm(state, { number: 3 })
      await expect(findVm(state, name)).rejects.toMatchObject({
        code: 'usage',
        message: `no VM "${name}" runs here`,
        hint: 'these do: 3 (simple), 12 (xfs)',
      })
    },
  )

  test('is not found where none runs', async () => {
    await expect(findVm(state, '1')).rejects.toMatchObject({
      hint: 'none does: start one with `rapido boot PROFILE`',
    })
  })
})
