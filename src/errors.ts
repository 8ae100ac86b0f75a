/** Exit statuses of every rapido command (docs/architecture.md). `rapido exec` returns the guest command's own. */
export const exitStatus = {
  success: 0,
  guest: 1, // the guest's test or command failed
  usage: 2, // wrong usage or configuration
  host: 3, // this host cannot run it: something is missing
  crash: 4, // the kernel crashed
  timeout: 5, // timed out or hung
  interrupted: 130,
} as const

/** What went wrong, as the exit statuses tell it apart. */
export type ErrorCode = Exclude<keyof typeof exitStatus, 'success'>

/**
 * The only error rapido throws on purpose. `message` says what and where, `hint` what to try (both may have several
 * lines); `cause` keeps the error below. Anything else that reaches the CLI is a bug and is shown with its stack.
 */
export class RapidoError extends Error {
  override readonly name = 'RapidoError'
  readonly code: ErrorCode
  readonly hint: string | undefined

  constructor(code: ErrorCode, message: string, options: { hint?: string | undefined; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.hint = options.hint
  }
}
