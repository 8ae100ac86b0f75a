import { fileURLToPath, pathToFileURL } from 'node:url'
import { IoLoad } from './io-load.js'

// An error that comes from a timer, or from QEMU, says nothing of the line that waited for it.

const callSites = new WeakMap<object, string>()

/** The same object; what its methods reject with is known to come from the line that called them. */
export function withCallSites<T extends object>(target: T): T {
  return new Proxy(target, {
    get(of, key) {
      const value = Reflect.get(of, key, of)
      if (typeof value !== 'function') return value
      return (...args: unknown[]) => {
        const site = new Error().stack ?? ''
        const result = value.apply(of, args)
        if (result instanceof IoLoad) return withCallSites(result)
        if (!(result instanceof Promise)) return result
        return result.catch((error: unknown) => {
          if (typeof error === 'object' && error !== null && !callSites.has(error)) callSites.set(error, site)
          throw error
        })
      }
    },
  })
}

/** The place in `file` that an error comes from, as FILE:LINE; undefined where its stacks do not tell. */
export function placeOf(error: unknown, file: string): string | undefined {
  const own = error instanceof Error ? error.stack : undefined
  const stacks = [own, typeof error === 'object' && error !== null ? callSites.get(error) : undefined]
  const url = pathToFileURL(file).href
  for (const stack of stacks) {
    for (const line of stack?.split('\n') ?? []) {
      const [, place, number] = /\(?((?:file:\/\/)?\/[^()]*?):(\d+)(?::\d+)?\)?$/.exec(line.trim()) ?? []
      if (place === file || place?.split('?')[0] === url) return `${shortName(file)}:${number}`
    }
  }
  return undefined
}

function shortName(file: string): string {
  const path = file.startsWith('file://') ? fileURLToPath(file) : file
  const cwd = `${process.cwd()}/`
  return path.startsWith(cwd) ? path.slice(cwd.length) : path
}
