import { stripVTControlCharacters } from 'node:util'

// In place of the package string-width, with which yargs lays out its help: to parse the expressions that find emoji takes Node
// thirty milliseconds at each start, and our help has no character that is two columns wide.
export default function stringWidth(text) {
  return stripVTControlCharacters(text).length
}
