import { expect, test } from 'vitest'
import { mergeLayers } from '../../../src/config/layers.js'

test('tables are joined to any depth, lists are replaced', () => {
  const below = { disk: { hd: { size: '1G', paths: 2 } }, kernel: { params: ['a', 'b'] } }
  const above = { disk: { hd: { paths: 4 }, data: { size: '2G' } }, kernel: { params: ['c'] } }
  expect(mergeLayers([below, above])).toEqual({
    disk: { hd: { size: '1G', paths: 4 }, data: { size: '2G' } },
    kernel: { params: ['c'] },
  })
})

test('a file of a disk is in place of a size below it, and the other way round', () => {
  const size = { disk: { hd: { size: '1G', paths: 2 } } }
  const file = { disk: { hd: { file: '/f' } } }
  expect(mergeLayers([size, file])).toEqual({ disk: { hd: { file: '/f', paths: 2 } } })
  expect(mergeLayers([file, size])).toEqual(size)
})

test('a secret is where the last layer says, and nowhere else', () => {
  const layers = [{ secrets: { key: { file: '/f' }, other: { env: 'O' } } }, { secrets: { key: { env: 'KEY' } } }]
  expect(mergeLayers(layers)).toEqual({ secrets: { key: { env: 'KEY' }, other: { env: 'O' } } })
})
