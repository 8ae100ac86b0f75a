import { expect, test } from 'vitest'
import { endOf, type Mark, phasesOf, timingText } from '../../../src/report/timing.js'

const marks = (...list: [Mark['mark'], number][]): Mark[] => list.map(([mark, atMs]) => ({ mark, atMs }))
const inWords = (list: Mark[]) =>
  phasesOf(list).map(({ name, startMs, durationMs }) => `${name} ${startMs}+${durationMs}`)

test('a mark ends the phase that the mark before it began', () => {
  expect(inWords(marks(['started', 80], ['planned', 120], ['image', 150], ['qemu', 300]))).toEqual([
    'rapido starts 0+80',
    'planning 80+40',
    'image 120+30',
    'QEMU starts 150+150',
  ])
})

test('the end of the kernel, known late, stands where it was', () => {
  const late = marks(['qemu', 300], ['hello', 2000], ['told', 2100], ['init', 1700])
  expect(inWords(late)).toEqual([
    'QEMU starts 0+300',
    'kernel 300+1400',
    'init and agent 1700+300',
    'identity, network, disks 2000+100',
  ])
})

test.each([
  ['is not known', []],
  ['was before QEMU, by a wrong clock', [['init', 200]]],
  ['was after the hello, by a wrong clock', [['init', 2050]]],
] satisfies [string, [Mark['mark'], number][]][])(
  'the kernel is one with init and agent where its end %s',
  (_, init) => {
    expect(inWords(marks(['qemu', 300], ['hello', 2000], ['told', 2100], ...init))).toEqual([
      'QEMU starts 0+300',
      'kernel, init and agent 300+1700',
      'identity, network, disks 2000+100',
    ])
  },
)

test('a run that makes the snapshot it starts from starts QEMU twice', () => {
  const names = phasesOf(
    marks(['qemu', 10], ['hello', 20], ['saved', 30], ['qemu', 40], ['restored', 50], ['told', 60]),
  )
  expect(names.map(({ name }) => name)).toEqual([
    'QEMU starts',
    'kernel, init and agent',
    'snapshot saved',
    'QEMU starts',
    'snapshot restored',
    'identity, network, disks',
  ])
})

test('what took no time is no phase, and leaves no gap', () => {
  expect(inWords(marks(['claimed', 100], ['network', 100.3], ['qemu', 200]))).toEqual([
    'VM number 0+100',
    'QEMU starts 100.3+99.7',
  ])
})

test('a person gets a line for each phase, and the sum', () => {
  const phases = phasesOf(marks(['started', 80.4], ['planned', 120], ['stopped', 2120.6]))
  expect(timingText(phases)).toBe(
    ['     80 ms  rapido starts', '     40 ms  planning', '   2001 ms  power-off', '   2121 ms  all', ''].join('\n'),
  )
})

test('no marks are no time', () => {
  expect(endOf(phasesOf([]))).toBe(0)
  expect(timingText([])).toBe('      0 ms  all\n')
})
