import { readFile } from 'node:fs/promises'
import type { LoadHookContext, ResolveHookContext } from 'node:module'
import { fileURLToPath } from 'node:url'
import stripper from '@swc/wasm-typescript'

// Hooks of Node's loader, in the thread that it gives them (load-scenario.ts registers them): scenarios are imported as
// they are. Node 20 does not strip types itself.

let index: string

export function initialize(data: { index: string }): void {
  index = data.index
}

/** A scenario may lie anywhere; the library it imports is the one that runs it. */
export async function resolve(
  specifier: string,
  context: ResolveHookContext,
  next: (specifier: string, context: ResolveHookContext) => Promise<{ url: string }>,
): Promise<{ url: string; shortCircuit?: boolean }> {
  return specifier === 'rapido-vm' ? { url: index, shortCircuit: true } : next(specifier, context)
}

/** Blanks out the types, so that every line and column stays where it is. */
export async function load(
  url: string,
  context: LoadHookContext,
  next: (url: string, context: LoadHookContext) => Promise<unknown>,
): Promise<unknown> {
  if (!/^file:.*\.m?ts$/.test(url)) return next(url, context)
  const file = fileURLToPath(url)
  const source = await readFile(file, 'utf8')
  try {
    const { code } = stripper.transformSync(source, { mode: 'strip-only', module: true, filename: file })
    return { format: 'module', source: code, shortCircuit: true }
  } catch (cause) {
    const {
      message,
      startLine,
      startColumn = 0,
    } = cause as { message: string; startLine?: number; startColumn?: number }
    throw new SyntaxError(`${file}:${startLine ?? 1}:${startColumn + 1}: ${message}`)
  }
}
