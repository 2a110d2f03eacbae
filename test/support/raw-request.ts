import { connect } from "node:net";
import { within } from "./mailbox.ts";

export interface RawAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

/**
 * Sends bytes as an HTTP request, exactly as given: paths are not normalised, headers not completed. Further chunks
 * go out with delays between them only as the operating system likes.
 * @returns the first answer that comes back, complete
 */
export function rawRequest(port: number, ...chunks: readonly (string | Uint8Array)[]): Promise<RawAnswer> {
  const { promise, reject, resolve } = Promise.withResolvers<RawAnswer>();
  const socket = connect({ host: "127.0.0.1", port, noDelay: true });
  let bytes: Buffer = Buffer.alloc(0);
  const look = (ended: boolean) => {
    const answer = parse(bytes, ended);
    if (answer !== undefined) resolve(answer);
    else if (ended) reject(new Error(`no complete answer: ${JSON.stringify(bytes.toString().slice(0, 200))}`));
  };
  socket.on("data", (chunk: Buffer) => {
    bytes = Buffer.concat([bytes, chunk]);
    look(false);
  });
  // A reset after the answer is as good as an end.
  socket.on("error", () => {});
  socket.on("close", () => look(true));
  for (const chunk of chunks) socket.write(chunk);
  return within(promise, "the answer", 10_000).finally(() => socket.destroy());
}

function parse(bytes: Buffer, ended: boolean): RawAnswer | undefined {
  const end = bytes.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const [statusLine = "", ...lines] = bytes.subarray(0, end).toString("latin1").split("\r\n");
  const headers = new Headers();
  for (const line of lines) {
    const colon = line.indexOf(":");
    headers.append(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  const body = bytes.subarray(end + 4);
  const length = headers.get("content-length");
  if (length === null ? !ended : body.length < Number(length)) return undefined;
  return { status: Number(statusLine.split(" ")[1]), headers, body: body.toString() };
}
