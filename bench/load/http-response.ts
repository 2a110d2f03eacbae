const END_OF_HEAD = "\r\n\r\n";
/** The last chunk of a chunked body, without trailers (RFC 9112, section 7.1). */
const LAST_CHUNK = "0\r\n\r\n";

/** Recognises the end of each HTTP/1.1 response on a connection that has one request under way at a time. */
export class HttpResponse {
  #received = "";

  /** Takes the next chunk; returns the status of the response that ends with it, undefined until then. */
  take(chunk: Buffer): number | undefined {
    this.#received += chunk.toString("latin1");
    const headEnd = this.#received.indexOf(END_OF_HEAD);
    if (headEnd === -1 || !this.#endsAfter(headEnd + END_OF_HEAD.length)) return undefined;
    const status = Number(this.#received.slice("HTTP/1.1 ".length, "HTTP/1.1 200".length));
    this.#received = "";
    return status;
  }

  #endsAfter(bodyStart: number): boolean {
    const head = this.#received.slice(0, bodyStart);
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    if (length !== undefined) return this.#received.length >= bodyStart + Number(length);
    return this.#received.endsWith(LAST_CHUNK) && /\r\ntransfer-encoding: *chunked/i.test(head);
  }
}
