/** What was measured, for people: medians, and ranges in brackets. */
export function table(rows) {
  const cells = rows.map((row) => [
    row.what,
    spread(row.ours, row.unit),
    row.theirs ? spread(row.theirs, row.unit) : '',
    row.ratio ? row.ratio.toFixed(2) : '',
    bound(row),
    row.pass === undefined ? '' : row.pass ? 'pass' : 'FAIL',
  ])
  const lines = [['', 'rapido', 'the other', 'ratio', 'target', ''], ...cells]
  const widths = lines[0].map((_, column) => Math.max(...lines.map((line) => line[column].length)))
  return lines
    .map((line) =>
      line
        .map((cell, i) => cell.padEnd(widths[i]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

export function median(samples) {
  const sorted = samples.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

function bound({ maxRatio, limit, within, unit }) {
  if (maxRatio) return `ratio <= ${maxRatio}`
  if (limit) return `<= ${limit} ${unit}`
  return within ? `<= the other + ${within} ${unit}` : ''
}

function spread(samples, unit) {
  const [low, high] = [Math.min(...samples), Math.max(...samples)]
  const range = samples.length > 1 ? ` (${low.toFixed(0)}-${high.toFixed(0)})` : ''
  return `${median(samples).toFixed(0)} ${unit}${range}`
}
