/** The benchmark can't do what it was asked for; the message says why, to whoever asked. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
