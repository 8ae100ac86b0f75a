import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { guestSteps, limitMs, surroundings, vmNumber } from '../../../src/cli/options.js'
import { memoryIo } from '../../helpers/memory-io.js'

let cwd: string

beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'rapido-options-'))
})

afterEach(() => rmSync(cwd, { recursive: true }))

describe('a limit', () => {
  test.each<[string, number | undefined]>([
    ['none', undefined],
    ['90s', 90_000],
    ['1h30m', 5_400_000],
    ['500ms', 500],
  ])('of %s is %s', (text, ms) => {
    expect(limitMs('--timeout', text)).toBe(ms)
  })

  test.each(['', '0s', '90', '-1s', 'never', '1m 30s', '600000h'])('of %j is refused', (text) => {
    expect(() => limitMs('--timeout', text)).toThrow(`--timeout ${text}: use a duration such as 90s or 10m, or none`)
  })
})

describe('a VM number', () => {
  test.each([undefined, 1, 1000])('may be %s', (number) => {
    expect(vmNumber(number)).toBe(number)
  })

  test.each([0, -1, 1001, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('may not be %s', (number) => {
    expect(() => vmNumber(number)).toThrow('--number: use a number from 1 to 1000')
  })
})

describe('what the guest shall do', () => {
  test('is every -x as it is, then every -f: by its own interpreter, or bash', async () => {
    writeFileSync(join(cwd, 'plain.sh'), 'echo plain\n')
    writeFileSync(join(cwd, 'own.py'), '#!/usr/bin/python3\n')
    writeFileSync(join(cwd, 'empty'), '')
    const steps = await guestSteps(
      { x: ['uname -r', 'true'], f: ['own.py', join(cwd, 'plain.sh'), 'empty'] },
      memoryIo({ cwd }),
    )
    expect(steps).toEqual([
      { name: 'uname -r', command: 'uname -r' },
      { name: 'true', command: 'true' },
      { name: 'own.py', command: ['/run/rapido/script'], script: Buffer.from('#!/usr/bin/python3\n') },
      { name: join(cwd, 'plain.sh'), command: ['bash', '/run/rapido/script'], script: Buffer.from('echo plain\n') },
      { name: 'empty', command: ['bash', '/run/rapido/script'], script: Buffer.from('') },
    ])
  })

  test.each([
    ['none.sh', '-f none.sh: no such file'],
    ['.', '-f .: EISDIR'],
  ])('is refused where %s is no script', async (file, message) => {
    await expect(guestSteps({ x: [], f: [file] }, memoryIo({ cwd }))).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining(message),
    })
  })
})

test('configuration comes from where the command was typed', () => {
  const io = memoryIo({ cwd, env: { XDG_STATE_HOME: '/s' } })
  expect(surroundings({ set: ['vm.cpus=1'], config: 'my.toml', verbose: false }, io)).toEqual({
    cwd,
    home: cwd,
    env: { XDG_STATE_HOME: '/s' },
    configFile: 'my.toml',
    sets: ['vm.cpus=1'],
  })
})
