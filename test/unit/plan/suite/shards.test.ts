import { describe, expect, test } from 'vitest'
import { readShard, splitTests } from '../../../../src/plan/suite/shards.js'
import { seededRandom, shuffled } from '../../../../src/plan/suite/shuffle.js'

describe('which shard this is', () => {
  const slurm = {
    SLURM_ARRAY_TASK_ID: '7',
    SLURM_ARRAY_TASK_COUNT: '4',
    SLURM_ARRAY_TASK_MIN: '3',
    SLURM_ARRAY_TASK_MAX: '9',
  }
  const gitlab = { CI_NODE_INDEX: '4', CI_NODE_TOTAL: '4' }

  test.each<[string | undefined, Record<string, string>, ReturnType<typeof readShard>]>([
    ['2/4', {}, { index: 2, count: 4, source: '--shard' }],
    ['1/1', gitlab, { index: 1, count: 1, source: '--shard' }],
    ['none', gitlab, undefined],
    [undefined, {}, undefined],
    [undefined, { CI_NODE_TOTAL: '1' }, undefined], // GitLab sets it in every job
    [undefined, { CI_NODE_INDEX: '', SLURM_ARRAY_TASK_ID: '' }, undefined],
    [undefined, gitlab, { index: 4, count: 4, source: 'CI_NODE_INDEX' }],
    [undefined, { ...slurm, SLURM_ARRAY_TASK_STEP: '2' }, { index: 3, count: 4, source: 'SLURM_ARRAY_TASK_ID' }],
    [
      undefined,
      { SLURM_ARRAY_TASK_ID: '0', SLURM_ARRAY_TASK_COUNT: '2' },
      { index: 1, count: 2, source: 'SLURM_ARRAY_TASK_ID' },
    ],
    [
      undefined,
      { JOB_COMPLETION_INDEX: '0', JOB_COMPLETIONS: '3' },
      { index: 1, count: 3, source: 'JOB_COMPLETION_INDEX' },
    ],
  ])('--shard %s with %j', (text, env, expected) => {
    expect(readShard(text, env)).toEqual(expected)
  })

  test.each<[string | undefined, Record<string, string>, string]>([
    ['0/4', {}, '--shard 0/4: there is no shard 0 of 4'],
    ['5/4', {}, '--shard 5/4: there is no shard 5 of 4'],
    ['1/0', {}, '--shard 1/0: there is no shard 1 of 0'],
    ['2', {}, '--shard 2: use INDEX/COUNT, such as 2/4, or none'],
    ['auto', gitlab, '--shard auto: use INDEX/COUNT, such as 2/4, or none'],
    [undefined, { CI_NODE_INDEX: '0', CI_NODE_TOTAL: '4' }, 'CI_NODE_INDEX=0: there is no shard 0 of 4'],
    [undefined, { CI_NODE_INDEX: '1', CI_NODE_TOTAL: 'x' }, 'CI_NODE_TOTAL=x: no number'],
    [undefined, { JOB_COMPLETION_INDEX: '0' }, 'JOB_COMPLETIONS is not set: of how many shards is this one?'],
    [undefined, { SLURM_ARRAY_TASK_ID: '0' }, 'SLURM_ARRAY_TASK_COUNT is not set: of how many shards is this one?'],
    [undefined, slurm, 'SLURM_ARRAY_TASK_ID: the 4 task ids of the array are not evenly spaced'], // --array=3,4,7,9
    [undefined, { ...slurm, ...gitlab }, 'both SLURM_ARRAY_TASK_ID and CI_NODE_INDEX tell which shard this is'],
  ])('--shard %s with %j is refused', (text, env, message) => {
    expect(() => readShard(text, env)).toThrow(expect.objectContaining({ code: 'usage', message }))
  })

  test('a Kubernetes job is told how to say of how many', () => {
    expect(() => readShard(undefined, { JOB_COMPLETION_INDEX: '0' })).toThrow(
      expect.objectContaining({ hint: expect.stringMatching(/completions of the job.*--shard none/) }),
    )
  })
})

describe('tests in parts', () => {
  test('by past times: the longest first, each into the emptiest', () => {
    const times = new Map([
      ['g/001', 10],
      ['g/002', 70],
      ['g/003', 30],
      ['g/004', 40],
      ['g/005', 20],
    ])
    expect(splitTests([...times.keys()], 2, times)).toEqual([
      ['g/002', 'g/005'], // 70, then 20 as both had 70
      ['g/001', 'g/003', 'g/004'],
    ])
  })

  test('without times a part has every other test by name, in whatever order they come', () => {
    const names = ['g/001', 'g/002', 'g/003', 'g/004', 'g/005']
    expect(splitTests(names, 2, new Map())).toEqual([
      ['g/001', 'g/003', 'g/005'],
      ['g/002', 'g/004'],
    ])
    expect(splitTests([...names].reverse(), 2, new Map([['g/900', 5]]))).toEqual([
      ['g/005', 'g/003', 'g/001'],
      ['g/004', 'g/002'],
    ])
  })

  test('a test without a time counts as the median of the others', () => {
    const times = new Map([
      ['g/001', 1000],
      ['g/002', 3000],
      ['g/003', 9000],
    ])
    // 9 s · 3 s and the new one (3 s) and 1 s: were it nothing, or 9 s, it would be elsewhere
    expect(splitTests(['g/001', 'g/002', 'g/003', 'g/new'], 2, times)).toEqual([['g/003'], ['g/001', 'g/002', 'g/new']])
  })

  test('tests of no second are not all for one part', () => {
    const names = Array.from({ length: 100 }, (_, index) => `g/${String(index).padStart(3, '0')}`)
    const times = new Map(names.map((name) => [name, 0]))
    expect(splitTests(names, 4, times).map((part) => part.length)).toEqual([25, 25, 25, 25])
  })

  test('more parts than tests leaves some empty', () => {
    expect(splitTests(['g/001'], 3, new Map())).toEqual([['g/001'], [], []])
  })
})

describe.each(Array.from({ length: 40 }, (_, seed) => [seed]))('whatever is split (seed %i)', (seed) => {
  const random = seededRandom(seed)
  const upTo = (most: number) => Math.floor(random() * (most + 1))
  const names = Array.from({ length: upTo(200) }, (_, index) => `${random() < 0.5 ? 'generic' : 'xfs'}/${1000 + index}`)
  const tests = shuffled(names, seed)
  const times = new Map(names.filter(() => random() < 0.8).map((name) => [name, 1 + upTo(60_000)]))
  const count = 1 + upTo(9)
  const parts = splitTests(tests, count, times)

  test('every test is in one part, in the order it had', () => {
    expect(parts).toHaveLength(count)
    expect(parts.flat().sort()).toEqual([...names].sort())
    for (const part of parts) expect(part).toEqual(tests.filter((name) => part.includes(name)))
  })

  test('another order of the tests, or of the times, gives the same parts', () => {
    const again = splitTests(shuffled(tests, seed + 1), count, new Map(shuffled([...times], seed + 2)))
    expect(again.map((part) => [...part].sort())).toEqual(parts.map((part) => [...part].sort()))
  })

  test('no part has more than its share and one test', () => {
    const known = names.filter((name) => times.has(name))
    const usual = [...known.map((name) => times.get(name) as number)].sort((one, other) => one - other)
    const middle =
      usual.length === 0 ? 1 : ((usual[(usual.length - 1) >> 1] as number) + (usual[usual.length >> 1] as number)) / 2
    const length = (part: string[]) => part.reduce((sum, name) => sum + (times.get(name) ?? middle), 0)
    const longest = Math.max(0, ...names.map((name) => length([name])))
    for (const part of parts) expect(length(part)).toBeLessThanOrEqual(length(names) / count + longest + 1e-6)
  })
})
