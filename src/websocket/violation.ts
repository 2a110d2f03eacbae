/** The peer broke a rule of the protocol or a limit. The connection fails with `code`. */
export class Violation extends Error {
  readonly code: number;

  /** `code` is the close code (RFC 6455, section 7.4.1), `message` becomes the reason of the close frame. */
  constructor(code: number, message: string) {
    super(message);
    this.name = "Violation";
    this.code = code;
  }
}
