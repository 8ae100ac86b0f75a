/** What keeps this from being well-formed XML 1.0, as far as what we write can go wrong. */
export function malformed(xml: string): string[] {
  const problems: string[] = []
  const open: string[] = []
  const document = xml.replace(/^<\?xml version="1.0" encoding="UTF-8"\?>\n/, '')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what XML forbids
  const illegal = /[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|\p{Cs}/u
  if (illegal.test(document)) problems.push('a character XML forbids')
  for (const [token] of document.matchAll(/<[^>]*>|[^<]+/g)) {
    const tag = /^<(\/?)([a-zA-Z-]+)((?: [a-z-]+="[^"<]*")*)(\/?)>$/.exec(token)
    if (token.startsWith('<') && !tag) problems.push(`no tag: ${token}`)
    if (/&(?!(?:amp|lt|gt|quot|#\d+);)/.test(token)) problems.push(`a bare &: ${token}`)
    if (tag?.[1] === '/') {
      if (open.pop() !== tag[2]) problems.push(`not open: ${tag[2]}`)
    } else if (tag && tag[4] === '') open.push(tag[2] as string)
  }
  if (open.length > 0) problems.push(`still open: ${open.join(' ')}`)
  return problems
}
