import { plain } from './plain.js'

/**
 * An XML element with its children (XML already), each on a line of its own and not indented, because text inside must
 * stay as it is. Undefined attributes are left out.
 */
export function element(
  name: string,
  attributes: Record<string, string | number | undefined>,
  children: string[] = [],
): string {
  const head = `${name}${Object.entries(attributes).map(attribute).join('')}`
  if (children.length === 0) return `<${head}/>`
  return `<${head}>\n${children.join('\n')}\n</${name}>`
}

/** An element with nothing but text in it, kept as it is. */
export function textElement(
  name: string,
  attributes: Record<string, string | number | undefined>,
  text: string,
): string {
  return `<${name}${Object.entries(attributes).map(attribute).join('')}>${escaped(plain(text))}</${name}>`
}

function attribute([name, value]: [string, string | number | undefined]): string {
  if (value === undefined) return ''
  const text = escaped(plain(String(value)))
    .replace(/"/g, '&quot;')
    .replace(/\n/g, '&#10;')
    .replace(/\t/g, '&#9;')
  return ` ${name}="${text}"`
}

function escaped(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;')
}
