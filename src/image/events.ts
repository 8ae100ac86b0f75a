/** What ensureImage() tells on its way. Times in milliseconds. */
export type ImageEvent =
  | { type: 'image'; phase: 'waiting'; profile: string } // another rapido builds the same image
  | { type: 'image'; phase: 'building'; profile: string; reason: string }
  | {
      type: 'image'
      phase: 'built'
      profile: string
      path: string
      bytes: number
      durationMs: number
      withheld: string[] // files of this host's /etc that dracut wanted in and that were kept out
    }
