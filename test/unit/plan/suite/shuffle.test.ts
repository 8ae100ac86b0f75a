import { expect, test } from 'vitest'
import { seededRandom, shuffled } from '../../../../src/plan/suite/shuffle.js'

const letters = [...'abcdefghij']

test('a seed stands for one order, today and in a year', () => {
  expect(shuffled(letters, 1).join('')).toBe('gafjicehbd')
  expect(shuffled(letters, 2).join('')).toBe('hcdfjgbeia')
})

test('nothing is lost and nothing is doubled, and the list itself stays', () => {
  const given = [...letters]
  expect(shuffled(given, 7).sort()).toEqual(letters)
  expect(given).toEqual(letters)
})

test('every place is as likely for every element', () => {
  const first = Array.from({ length: 4000 }, (_, seed) => shuffled(['a', 'b', 'c', 'd'], seed)[0])
  for (const letter of ['a', 'b', 'c', 'd']) {
    const share = first.filter((found) => found === letter).length / first.length
    expect(share).toBeGreaterThan(0.22)
    expect(share).toBeLessThan(0.28)
  }
})

test('the numbers are from 0 up to 1, 1 not among them', () => {
  const random = seededRandom(3)
  const numbers = Array.from({ length: 1000 }, random)
  expect(Math.min(...numbers)).toBeGreaterThanOrEqual(0)
  expect(Math.max(...numbers)).toBeLessThan(1)
  expect(new Set(numbers).size).toBeGreaterThan(990)
})
