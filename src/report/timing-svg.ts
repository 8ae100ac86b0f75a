import { duration } from './plain.js'
import { endOf, type Phase } from './timing.js'
import { element, textElement } from './xml.js'

const width = 900
const axis = { left: 270, right: 880 } // of the bars; left of them are names and times
const row = { top: 56, height: 26, bar: 16 }
const maxTicks = 8

const style = `
  rect.page { fill: #ffffff } rect.bar { fill: #0969da } line { stroke: #d0d7de }
  text { font: 13px system-ui, sans-serif; fill: #1f2328 } text.title { font-weight: 600; font-size: 15px }
  text.name, text.ms { text-anchor: end } text.tick { text-anchor: middle; font-size: 11px } text.ms { fill: #59636e }
  @media (prefers-color-scheme: dark) {
    rect.page { fill: #0d1117 } rect.bar { fill: #4493f8 } line { stroke: #30363d }
    text { fill: #e6edf3 } text.ms { fill: #9198a1 }
  }
`

/** Where the time of a run went, as a picture (SVG): a bar for each phase, on one axis of time. */
export function timingSvg(phases: Phase[], { title }: { title: string }): string {
  const endMs = Math.max(endOf(phases), 1)
  const at = (ms: number) => Math.round((axis.left + (ms / endMs) * (axis.right - axis.left)) * 10) / 10
  const bottom = row.top + phases.length * row.height
  const height = bottom + 32
  const size = { width, height, viewBox: `0 0 ${width} ${height}` }
  return `${element('svg', { xmlns: 'http://www.w3.org/2000/svg', ...size }, [
    textElement('style', {}, style),
    element('rect', { class: 'page', width, height }),
    textElement('text', { class: 'title', x: 20, y: 30 }, `${title}: ${duration(endMs)}`),
    ...ticks(endMs).flatMap((ms) => [
      element('line', { x1: at(ms), x2: at(ms), y1: row.top - 6, y2: bottom }),
      textElement('text', { class: 'tick', x: at(ms), y: bottom + 16 }, `${ms / 1000} s`),
    ]),
    ...phases.flatMap((phase, index) => bar(phase, { y: row.top + index * row.height, at })),
  ])}\n`
}

function bar({ name, startMs, durationMs }: Phase, { y, at }: { y: number; at: (ms: number) => number }): string[] {
  const x = at(startMs)
  const wide = Math.max(1, Math.round((at(startMs + durationMs) - x) * 10) / 10)
  return [
    textElement('text', { class: 'name', x: axis.left - 90, y: y + 13 }, name),
    textElement('text', { class: 'ms', x: axis.left - 12, y: y + 13 }, `${Math.round(durationMs)} ms`),
    element('rect', { class: 'bar', x, y, width: wide, height: row.bar, rx: 2 }),
  ]
}

/** Round times from 0 to the end, in milliseconds. */
function ticks(endMs: number): number[] {
  const magnitude = 10 ** Math.floor(Math.log10(endMs / maxTicks))
  const step = [1, 2, 5, 10].map((factor) => factor * magnitude).find((size) => endMs / size <= maxTicks) as number
  return Array.from({ length: Math.floor(endMs / step) + 1 }, (_, index) => Math.round(index * step * 1000) / 1000)
}
