import { RapidoError } from '../errors.js'
import { run } from '../host/run.js'

export interface Symbolised {
  lines: string[]
  note: string | undefined // why the lines are as the kernel printed them
}

/**
 * Adds source files and line numbers to a kernel report, with the tree's own scripts/decode_stacktrace.sh: one line
 * for each given, indented as it was. Where that can't be done, in time or at all, the lines come back as they are,
 * with a note. It takes seconds: each symbol is looked up in a large vmlinux.
 */
export async function symbolise(
  lines: readonly string[],
  tree: { src: string; vmlinux: string; modules?: string | undefined; timeoutMs?: number; signal?: AbortSignal },
): Promise<Symbolised> {
  const asPrinted = (why: string): Symbolised => ({ lines: [...lines], note: `not symbolised: ${why}` })
  const script = `${tree.src}/scripts/decode_stacktrace.sh`
  const sent = lines.filter(isDecodable)
  if (sent.length === 0) return { lines: [...lines], note: undefined }
  try {
    const { status, stdout, stderr } = await run(
      'bash', // as its first line says; the script itself may have lost its x bit, in a tarball or on a share
      [script, tree.vmlinux, 'auto', ...(tree.modules === undefined ? [] : [tree.modules])],
      {
        input: `${sent.join('\n')}\n`,
        env: { DEBUGINFOD_URLS: '' }, // else the script may ask servers on the Internet
        timeoutMs: tree.timeoutMs ?? 30_000,
        ...(tree.signal === undefined ? {} : { signal: tree.signal }),
      },
    )
    const complaint = stderr.trim().split('\n')[0]
    if (status !== 0) return asPrinted(complaint || `${script} exited with status ${status}`)
    const decoded = stdout.replace(/\n$/, '').split('\n')
    if (decoded.length !== sent.length) return asPrinted(`${script} answered with other lines than it was given`)
    if (!decoded.some((line) => sourceLine.test(line))) {
      return asPrinted(complaint || `${tree.vmlinux} has no debug information, or is of another kernel`)
    }
    return {
      lines: lines.map((line) => (isDecodable(line) ? indented(decoded.shift() as string, line) : line)),
      note: undefined,
    }
  } catch (error) {
    if (error instanceof RapidoError) return asPrinted(error.message)
    throw error
  }
}

const sourceLine = /\([^\s()]+:\d+/ // "panic (kernel/panic.c:284)"

// "provoke_init+0x4f/0x1000". "Code:" is left alone: the script would answer with forty lines of disassembly.
function isDecodable(line: string): boolean {
  return /\S\+0x[0-9a-f]+\/0x[0-9a-f]+/.test(line) && !line.includes('Code:')
}

function indented(decoded: string, line: string): string {
  return (/^\s*/.exec(line)?.[0] ?? '') + decoded.trim()
}
