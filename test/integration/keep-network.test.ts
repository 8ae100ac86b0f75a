import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, onTestFinished, test } from 'vitest'
import { until } from '../helpers/until.js'

// src/network/keep-network.sh in a network namespace of its own, where it makes nothing.

test('a network that nobody finished ends, whoever waits for it', async () => {
  const root = mkdtempSync(join(tmpdir(), 'rapido-keep-network-'))
  onTestFinished(() => rmSync(root, { recursive: true }))
  const folder = join(root, 'net')
  const own = process.geteuid?.() === 0 ? [] : ['--user', '--map-root-user']
  const argv = [...own, '--net', '--', 'bash', 'src/network/keep-network.sh', folder]
  const keeper = spawn('unshare', argv, { stdio: ['pipe', 'pipe', 'inherit'] })
  onTestFinished(() => void keeper.kill('SIGKILL'))
  keeper.stdin.write('end\n')
  const [answer] = await once(keeper.stdout)
  expect(answer).toBe('up')

  const waiting = spawn('flock', ['-s', join(folder, 'members'), 'sh', '-c', 'echo waits; exec sleep 1000'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  })
  onTestFinished(() => void process.kill(-(waiting.pid as number), 'SIGKILL'))
  expect(await once(waiting.stdout)).toEqual(['waits'])
  keeper.stdin.end() // who was to make it has died
  await until(() => !existsSync(folder))
})

async function once(stream: NodeJS.ReadableStream): Promise<string[]> {
  for await (const line of createInterface(stream)) return [line]
  return []
}
