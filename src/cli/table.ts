/** Columns padded to line up; nothing behind the last one. Ends with a line end. */
export function table(head: string[], rows: string[][]): string {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)))
  const line = (cells: string[]) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd()
  return `${[head, ...rows].map(line).join('\n')}\n`
}

/** A command to paste into a shell, an option and its value a line. */
export function commandLines(argv: string[]): string {
  const words = argv.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`))
  return words
    .reduce<string[]>((lines, word) => {
      if (word.startsWith('-') || lines.length === 0) lines.push(word)
      else lines.push(`${lines.pop()} ${word}`)
      return lines
    }, [])
    .join(' \\\n  ')
}
