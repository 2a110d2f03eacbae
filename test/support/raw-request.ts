import { connect } from "node:net";
import { deferred } from "../../src/client/deferred.ts";
import { within } from "./mailbox.ts";

export interface RawAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

/**
 * Sends bytes as an HTTP request, exactly as given: paths are not normalised, headers not completed. Further chunks
 * go out with delays between them only as the operating system likes.
 * @returns the first answer that comes back, complete; of an event stream and of an upgrade only the head
 */
export function rawRequest(port: number, ...chunks: readonly (string | Uint8Array)[]): Promise<RawAnswer> {
  const { promise, reject, resolve } = deferred<RawAnswer>();
  const socket = connect({ host: "127.0.0.1", port, noDelay: true });
  let bytes: Buffer = Buffer.alloc(0);
  let cause: Error | undefined;
  const isHead = Buffer.from(chunks[0] ?? "").toString("latin1", 0, 5) === "HEAD ";
  const look = (ended: boolean) => {
    const answer = parse(bytes, ended, isHead);
    if (answer !== undefined) resolve(answer);
    else if (ended)
      reject(new Error(`no complete answer: ${JSON.stringify(bytes.toString().slice(0, 200))}`, { cause }));
  };
  socket.on("data", (chunk: Buffer) => {
    bytes = Buffer.concat([bytes, chunk]);
    look(false);
  });
  // A reset after the answer is as good as an end.
  socket.on("error", (error) => {
    cause = error;
  });
  socket.on("close", () => look(true));
  for (const chunk of chunks) socket.write(chunk);
  return within(promise, "the answer", 10_000).finally(() => socket.destroy());
}

function parse(bytes: Buffer, ended: boolean, isHead: boolean): RawAnswer | undefined {
  const end = bytes.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const [statusLine = "", ...lines] = bytes.subarray(0, end).toString("latin1").split("\r\n");
  const headers = new Headers();
  for (const line of lines) {
    const colon = line.indexOf(":");
    headers.append(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  const status = Number(statusLine.split(" ")[1]);
  const isEndless = status === 101 || headers.get("content-type") === "text/event-stream";
  if (isEndless) return { status, headers, body: "" };
  // The length in an answer to HEAD is that of the body that GET would bring.
  const rest = bytes.subarray(end + 4);
  const body = isHead ? rest.toString() : completeBody(rest, headers, ended);
  return body === undefined ? undefined : { status, headers, body };
}

/** The body, once all of it has come (RFC 9112, section 6.3). */
function completeBody(bytes: Buffer, headers: Headers, ended: boolean): string | undefined {
  if (headers.get("transfer-encoding") === "chunked") return joinChunks(bytes);
  const length = headers.get("content-length");
  if (length === null ? !ended : bytes.length < Number(length)) return undefined;
  return bytes.toString();
}

/** Joins the chunks of a body; undefined as long as the last one is not there. */
function joinChunks(bytes: Buffer): string | undefined {
  const chunks: Buffer[] = [];
  let rest = bytes;
  for (;;) {
    const lineEnd = rest.indexOf("\r\n");
    const size = Number.parseInt(rest.subarray(0, lineEnd).toString(), 16);
    if (lineEnd < 0 || rest.length < lineEnd + 2 + size + 2) return undefined;
    if (size === 0) return Buffer.concat(chunks).toString();
    chunks.push(rest.subarray(lineEnd + 2, lineEnd + 2 + size));
    rest = rest.subarray(lineEnd + 2 + size + 2);
  }
}
