import type { Duplex } from "node:stream";
import type { ErrorCode } from "../protocol/errors.ts";
import { answerOnSocket } from "./http/answer.ts";
import { errorAnswer } from "./http/errors.ts";

interface Meaning {
  readonly status: number;
  readonly code: ErrorCode;
  readonly message: string;
}

/** What Node calls what is wrong with what a client sent, and how it is answered. */
const MEANINGS: Record<string, Meaning> = {
  HPE_HEADER_OVERFLOW: { status: 431, code: "BAD_REQUEST", message: "the head of the request is too large" },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: {
    status: 413,
    code: "PAYLOAD_TOO_LARGE",
    message: "the chunks' extensions are too large",
  },
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, code: "REQUEST_TIMEOUT", message: "the request did not arrive in time" },
};
const MALFORMED: Meaning = { status: 400, code: "BAD_REQUEST", message: "the request is not well-formed HTTP" };

/** What Node calls an error of its HTTP parser; all others are of the connection, or of TLS. */
function meaningOf(code: string): Meaning | undefined {
  return MEANINGS[code] ?? (code.startsWith("HPE_") ? MALFORMED : undefined);
}

/** Answers a client that sent no HTTP, or not in time: for the event `clientError`. */
export function answerClientError(error: Error & { readonly code?: string }, socket: Duplex): void {
  const meaning = meaningOf(error.code ?? "");
  // Who sent nothing asked for nothing. A browser may open a connection before it has a request.
  const isUnused = error.code === "ERR_HTTP_REQUEST_TIMEOUT" && "bytesRead" in socket && socket.bytesRead === 0;
  if (meaning === undefined || !socket.writable || isUnused) {
    socket.destroy();
    return;
  }
  answerOnSocket(socket, errorAnswer(meaning.code, meaning.message, {}, meaning.status));
}
