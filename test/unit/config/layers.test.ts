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

test('a secret is where the last layer says, and nowhere else', () => {
  const layers = [{ secrets: { key: { file: '/f' }, other: { env: 'O' } } }, { secrets: { key: { env: 'KEY' } } }]
  expect(mergeLayers(layers)).toEqual({ secrets: { key: { env: 'KEY' }, other: { env: 'O' } } })
})
