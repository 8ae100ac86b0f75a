import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type CephAnswer, type CephClient, CephRefusal, CephSession, errorName } from '../../src/ceph/ask.js'
import { RapidoError } from '../../src/errors.js'
import { packageFile } from '../../src/host/package-root.js'
import { processesOf } from '../helpers/processes.js'
import { until } from '../helpers/until.js'

let root: string
let sessions: CephSession[]

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'rapido-ask-'))
  sessions = []
})

afterEach(async () => {
  for (const session of sessions) session.close()
  await until(() => processesOf(root).length === 0)
  rmSync(root, { recursive: true })
})

/** A conversation with a shell script in the place of Python. */
async function talkTo(script: string, changes: Partial<CephClient> = {}, options: { signal?: AbortSignal } = {}) {
  const python = join(root, 'python')
  writeFileSync(python, `#!/bin/bash\n${script}\n`, { mode: 0o755 })
  const programs = { folder: undefined, env: { OF: root }, conf: [], python }
  const client = { programs, enter: [], conf: '/c/ceph.conf', user: 'admin', keyring: '/c/keyring', ...changes }
  const session = await CephSession.open(client, options)
  sessions.push(session)
  return session
}

/** A command of the shell that answers as ask.py does. */
function answer({ status = 0, out = '', why = '' }: Partial<CephAnswer>): string {
  return `printf '%s\\n' '${JSON.stringify({ status, out, why }).replaceAll("'", `'\\''`)}'`
}

const asks = (prefix: string) => ({ to: 'mon', command: { prefix } }) as const
const hangs = 'read -r; exec sleep 1000'

describe('a question', () => {
  test('is a line of JSON, and so is its answer', async () => {
    const session = await talkTo(`read -r line; echo "$line" >$OF/asked; ${answer({ out: 'out\n', why: "it's" })}`)
    const request = { to: 'osd.1', command: { prefix: 'config set', value: 'it\'s "odd"\n' } } as const
    expect(await session.ask(request)).toEqual({ status: 0, out: 'out\n', why: "it's" })
    expect(JSON.parse(readFileSync(join(root, 'asked'), 'utf8'))).toEqual(request)
  })

  test('that the cluster refuses has an answer, too', async () => {
    const session = await talkTo(`read -r; ${answer({ status: 2, why: 'no such pool' })}`)
    expect(await session.ask(asks('osd pool get'))).toEqual({ status: 2, out: '', why: 'no such pool' })
  })

  test('is answered in one piece, however it comes', async () => {
    const session = await talkTo(
      `read -r; printf '{"status": 0, '; sleep 0.05; printf '"out": "%0100000d"' 0; sleep 0.05; echo ', "why": ""}'`,
    )
    expect((await session.ask(asks('osd dump'))).out).toBe('0'.repeat(100_000))
  })

  test('after another is asked when that is answered, in the order in which they come', async () => {
    const session = await talkTo(`
      while read -r line; do
        sleep 0.02
        [[ $line =~ \\"prefix\\":\\"(.)\\" ]]
        read -r -t 0 && early=early || early=
        printf '{"status": 0, "out": "%s", "why": "%s"}\\n' "\${BASH_REMATCH[1]}" "$early"
      done`)
    const answers = await Promise.all(['a', 'b', 'c', 'd'].map((prefix) => session.ask(asks(prefix))))
    expect(answers.map(({ out, why }) => out + why)).toEqual(['a', 'b', 'c', 'd'])
  })

  test('that is refused is in the way of no other', async () => {
    const session = await talkTo([0, 22, 0].map((status) => `read -r; ${answer({ status, out: '[]' })}`).join('\n'))
    const json = (prefix: string) => session.json('mon', { prefix }).catch((error: RapidoError) => error.message)
    expect(await Promise.all(['a', 'b', 'c'].map(json))).toEqual([[], 'Ceph refuses "b": EINVAL', []])
  })
})

describe('an answer as JSON', () => {
  test.each<[string, unknown]>([
    ['{"a": [1]}', { a: [1] }],
    ['\n[]\n', []],
    [`"it's"`, "it's"],
    ['', undefined],
    ['\n', undefined],
  ])('%j is %j', async (out, value) => {
    const session = await talkTo(`read -r; ${answer({ out })}`)
    expect(await session.json('mgr', { prefix: 'pg dump' })).toEqual(value)
  })

  test.each([
    [2, 'no such pool', 'ENOENT', 'Ceph refuses "osd pool get": ENOENT, no such pool'],
    [13, '', 'EACCES', 'Ceph refuses "osd pool get": EACCES'],
    [16, 'in use', 'EBUSY', 'Ceph refuses "osd pool get": EBUSY, in use'],
  ])('is an error with what the cluster said: status %i, %j', async (status, why, name, message) => {
    const session = await talkTo(`read -r; ${answer({ status, why })}`)
    const error = await session.json('mon', { prefix: 'osd pool get' }).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(CephRefusal)
    expect(error).toMatchObject({ code: 'host', message, errorName: name })
  })

  test('knows errors by their names', () => {
    expect([1, 2, 13, 22, 110].map(errorName)).toEqual(['EPERM', 'ENOENT', 'EACCES', 'EINVAL', 'ETIMEDOUT'])
  })
})

describe('the process that asks', () => {
  /** What a script was started with: a line for each word, and those variables. */
  const told = `printf '%s\\n' "$@" >"$OF/words"; env >"$OF/env"; read -r line; echo "$line" >"$OF/line"`
  const read = (name: string) => readFileSync(join(root, name), 'utf8')

  test('is ask.py, told where the cluster is and as whom it is asked', async () => {
    const session = await talkTo(`${told}; ${answer({})}`, { conf: '/c d/ceph.conf', user: 'tester' })
    await session.ask(asks('status'))
    expect(read('words')).toBe(`${packageFile('src/ceph/ask.py')}\n/c d/ceph.conf\ntester\n/c/keyring\n`)
    expect(JSON.parse(read('line'))).toEqual(asks('status'))
  })

  test('is in the network of the cluster, with the environment of its programs', async () => {
    const session = await talkTo(`${told}; ${answer({})}`, { enter: ['env', 'ENTERED=a b'] })
    await session.ask(asks('status'))
    expect(read('env').split('\n')).toEqual(expect.arrayContaining(['ENTERED=a b', `OF=${root}`]))
  })

  test('hears a key first, and only by its standard input', async () => {
    const key = 'AQBtAAJr2e6BOxAAO7qp58dguObCZcx4fUcgAA=='
    const session = await talkTo(`${told}; read -r; ${answer({})}`, { keyring: undefined, key })
    await session.ask(asks('status'))
    expect(JSON.parse(read('line'))).toEqual({ key })
    expect(read('words').split('\n').at(-2)).toBe('') // no keyring
    expect(read('words') + read('env')).not.toContain(key)
  })

  test('is gone when the conversation is', async () => {
    {
      await using session = await talkTo(`while read -r; do ${answer({})}; done`)
      await session.ask(asks('status'))
      expect(processesOf(root)).toHaveLength(1)
    }
    await until(() => processesOf(root).length === 0)
  })

  test('is gone after an abort, and nobody waits for it any more', async () => {
    const stop = new AbortController()
    const session = await talkTo(hangs, {}, { signal: stop.signal })
    const asked = session.ask(asks('status'))
    const next = session.ask(asks('health'))
    stop.abort()
    for (const each of [asked, next]) {
      await expect(each).rejects.toMatchObject({
        code: 'host',
        message: 'cannot ask the Ceph cluster: no answer',
      })
    }
    await until(() => processesOf(root).length === 0)
  })
})

describe('a cluster that gives no answer', () => {
  test('is an error after the time it has, and who asks is gone', async () => {
    const session = await talkTo(hangs)
    await expect(session.ask(asks('status'), { timeoutMs: 100 })).rejects.toMatchObject({
      code: 'timeout',
      message: 'the Ceph cluster gave no answer within 0.1 s',
    })
    await until(() => processesOf(root).length === 0)
  })

  test('gives none to those who wait behind, at once', async () => {
    const session = await talkTo(hangs)
    const first = session.ask(asks('status'), { timeoutMs: 100 })
    const later = ['a', 'b'].map((prefix) => session.ask(asks(prefix)))
    await expect(first).rejects.toBeInstanceOf(RapidoError)
    for (const each of later) await expect(each).rejects.toMatchObject({ code: 'host' })
  })

  test('is told from one that is slow', async () => {
    const session = await talkTo(`while read -r; do sleep 0.1; ${answer({})}; done`)
    const both = [asks('a'), asks('b'), asks('c')].map((each) => session.ask(each, { timeoutMs: 2000 }))
    expect((await Promise.all(both)).map(({ status }) => status)).toEqual([0, 0, 0])
  })
})

describe('a process that dies', () => {
  test.each([
    ['echo Traceback >&2; echo "  line 1" >&2; echo "ImportError: no rados" >&2; exit 1', 'ImportError: no rados'],
    ['exit 3', 'no answer'],
    ['kill -9 $$', 'no answer'],
    ['read -r; exit 0', 'no answer'],
    ['read -r; echo "oh no" >&2; exit 0', 'oh no'],
  ])('%s: says why', async (script, why) => {
    const session = await talkTo(script)
    const failure = { code: 'host', message: `cannot ask the Ceph cluster: ${why}` }
    await expect(session.ask(asks('status'))).rejects.toMatchObject(failure)
    await expect(session.ask(asks('status'))).rejects.toMatchObject(failure) // and is not waited for
  })

  test('that is not there, too', async () => {
    const programs = { folder: undefined, env: {}, conf: [], python: join(root, 'none') }
    const session = await talkTo('', { programs })
    await expect(session.ask(asks('status'))).rejects.toMatchObject({
      code: 'host',
      message: expect.stringMatching(/^cannot ask the Ceph cluster: env: .*none.*: No such file or directory$/),
    })
  })
})
