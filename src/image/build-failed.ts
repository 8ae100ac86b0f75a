import { RapidoError } from '../errors.js'

/** Why there is no image, with the words of the program that should have made it. */
export function noImage(profile: string, what: string, output: string, hint?: string): RapidoError {
  return new RapidoError('host', `no image for profile "${profile}": ${what}\n${tellingLines(output)}`, { hint })
}

/** dracut and dracut-install end well although something that was asked for could not be installed. */
export function leftOut(lacking: string[]): string {
  return `dracut left out ${lacking.join(', ')}`
}

/** The disk of the cache is full: programs say so in their own ways. */
export function diskFull(path: string): RapidoError {
  return new RapidoError('host', `no space left for the image in ${path}`, {
    hint: 'make room there (`rapido cache gc`), or choose another place with paths.cache in rapido.toml',
  })
}

/** Something writes to what an image is made of, all the time. */
export function neverRests(raced: string[]): RapidoError {
  const more = raced.length > 1 ? ` (and ${raced.length - 1} more files)` : ''
  return new RapidoError('host', `${raced[0]}${more} changed each time while the image was made`, {
    hint: 'try again when whatever writes it, such as `make`, is done',
  })
}

/** dracut's first words tell of a wrong option, its last ones of what went wrong on the way. */
export function tellingLines(output: string): string {
  const lines = output
    .split('\n')
    .filter((line) => line.trim() !== '' && !/^dracut(\[I\])?: (Executing:|\*\*\*)/.test(line))
  const shown = lines.length > 12 ? [...lines.slice(0, 3), '…', ...lines.slice(-8)] : lines
  return shown.map((line) => `  ${line}`).join('\n')
}
