/**
 * The frames of the control channel, both ways: type (1 byte), id (u32, big endian), length (u32), payload. The other
 * end, and what each type means, is src/guest/agent. `rapido exec` and `console` speak the same frames to the
 * supervisor's socket (src/runs/serve.ts).
 */
export interface Frame {
  type: string // one letter
  id: number
  payload: Buffer
}

const headerBytes = 9
const largestPayload = 64 * 1024 * 1024 // far above anything sent: a larger length means the stream is not ours

export function encodeFrame(type: string, id: number, payload: Buffer | string = ''): Buffer {
  const body = typeof payload === 'string' ? Buffer.from(payload) : payload
  const frame = Buffer.allocUnsafe(headerBytes + body.length)
  frame.write(type, 0, 1, 'latin1')
  frame.writeUInt32BE(id, 1)
  frame.writeUInt32BE(body.length, 5)
  body.copy(frame, headerBytes)
  return frame
}

/** Cuts a byte stream into frames. With a greeting, whatever comes before it is skipped (noise on a serial line). */
export class FrameReader {
  #parts: Buffer[] = []
  #bytes = 0
  #greeting: Buffer | undefined

  constructor(greeting?: string) {
    this.#greeting = greeting === undefined ? undefined : Buffer.from(greeting)
  }

  /** The frames that are complete with this chunk. Throws an Error where the stream can't be one of frames. */
  push(chunk: Buffer): Frame[] {
    this.#parts.push(chunk)
    this.#bytes += chunk.length
    if (this.#greeting && !this.#skipGreeting(this.#greeting)) return []

    const frames: Frame[] = []
    while (this.#bytes >= headerBytes) {
      const header = this.#peek(headerBytes)
      const length = header.readUInt32BE(5)
      if (length > largestPayload) throw new Error(`a frame of ${length} bytes: the stream is not rapido's`)
      if (this.#bytes < headerBytes + length) break
      const frame = this.#take(headerBytes + length)
      frames.push({
        type: frame.toString('latin1', 0, 1),
        id: frame.readUInt32BE(1),
        payload: frame.subarray(headerBytes),
      })
    }
    return frames
  }

  #skipGreeting(greeting: Buffer): boolean {
    const seen = this.#peek(this.#bytes)
    const at = seen.indexOf(greeting)
    if (at < 0) {
      if (this.#bytes > greeting.length) this.#take(this.#bytes - greeting.length) // it may be half here
      return false
    }
    this.#take(at + greeting.length)
    this.#greeting = undefined
    return true
  }

  /** The first `count` bytes in one piece, left in place: parts are joined only as far as needed. */
  #peek(count: number): Buffer {
    const [first] = this.#parts
    if (first && first.length >= count) return first.subarray(0, count)
    const joined = Buffer.concat(this.#parts)
    this.#parts = [joined]
    return joined.subarray(0, count)
  }

  #take(count: number): Buffer {
    const taken = this.#peek(count)
    const rest = (this.#parts[0] as Buffer | undefined)?.subarray(count)
    this.#parts.shift()
    if (rest && rest.length > 0) this.#parts.unshift(rest)
    this.#bytes -= count
    return taken
  }
}
