import { describe, expect, test } from 'vitest'
import { showError } from '../../../src/cli/errors.js'
import { RapidoError } from '../../../src/errors.js'
import { memoryIo } from '../../helpers/memory-io.js'

function shown(error: unknown, verbose = false): string {
  const io = memoryIo()
  showError(error, { io, verbose })
  return io.err()
}

describe('an error', () => {
  test('is what and where', () => {
    expect(shown(new RapidoError('usage', 'no profile "cefs"'))).toBe('rapido: no profile "cefs"\n')
  })

  test('has what to try below, indented', () => {
    const error = new RapidoError('host', 'QEMU is missing', { hint: 'apt install qemu\nor set qemu.binary' })
    expect(shown(error)).toBe('rapido: QEMU is missing\n  apt install qemu\n  or set qemu.binary\n')
  })

  test('has its stack and its cause only when asked for', () => {
    const error = new RapidoError('host', 'cannot write', { cause: new Error('disk full') })
    expect(shown(error)).toBe('rapido: cannot write\n')
    expect(shown(error, true)).toMatch(/^rapido: cannot write\n.*at .*errors\.test.*caused by Error: disk full\n.*at /s)
    expect(shown(new RapidoError('host', 'x', { cause: 'text' }), true)).toContain('caused by text\n')
  })

  test.each<[unknown, RegExp]>([
    [
      new TypeError('x is undefined'),
      /^rapido: this is a bug in rapido: TypeError: x is undefined\n.*at .*errors\.test/s,
    ],
    ['thrown text', /^rapido: this is a bug in rapido: thrown text\n$/],
    [undefined, /^rapido: this is a bug in rapido: undefined\n$/],
  ])('that is none of ours is a bug, with its stack: %s', (error, text) => {
    expect(shown(error)).toMatch(text)
  })

  test('has no colours but on a terminal', () => {
    expect(shown(new RapidoError('usage', 'x'))).not.toContain('\x1b')
  })
})
