import { expect, test } from 'vitest'
import { startDetached } from '../../../src/host/detached.js'

test('who lets a process go reads no more of it, and the process goes on without', async () => {
  const script = 'read -r line; echo "got $line"; cat >/dev/null; exec sleep 0.2'
  const child = await startDetached(['bash', '--norc', '-c', script], { env: process.env, input: 'a word\n' })
  const lines: string[] = []
  for await (const line of child.lines) {
    lines.push(line)
    child.letGo() // the loop ends by itself
  }
  expect(lines).toEqual(['got a word'])
})

test('letting go ends a wait for a line that never comes', { timeout: 5000 }, async () => {
  const child = await startDetached(['cat'], { env: process.env, input: '' })
  setTimeout(() => child.letGo(), 100)
  for await (const line of child.lines) throw new Error(`a line of nobody: ${line}`)
})
