import { isUtf8 } from "node:buffer";
import type { IncomingMessage } from "node:http";
import type { Counters } from "../../core/counters.ts";
import { isAcceptableJson } from "../../protocol/decode.ts";
import { Refusal } from "../../protocol/errors.ts";
import type { HttpOptions } from "./context.ts";
import { HttpRefusal } from "./errors.ts";

/** How large a body may be, in bytes, and how long it may take to arrive. */
type BodyLimits = Pick<HttpOptions, "maxMessageSize" | "readTimeoutMs">;

/** Where the bytes of bodies that arrived whole are counted. */
type BodyCounters = Pick<Counters, "receivedBytes">;

const NOT_UTF8 = "the body must be UTF-8";
const JSON_TYPE = /^application\/json[\t ]*(?:;|$)/i;

/**
 * Reads a request's body into memory, within a size and a time. At once where it has come already: most arrive in one piece
 * with the head, and to wait for events costs several times as much as to publish.
 */
function readBody(incoming: IncomingMessage, limits: BodyLimits): Buffer | Refusal | Promise<Buffer | Refusal> {
  const { maxMessageSize } = limits;
  if (Number(incoming.headers["content-length"] ?? 0) > maxMessageSize) return tooLarge(limits);
  if (!incoming.complete) return receiveBody(incoming, limits);
  const body = joined(readPieces(incoming));
  return body.length > maxMessageSize ? tooLarge(limits) : body;
}

/** All that has come and was not read yet. Node.js 20 returns it whole at the first call, Node.js 26 one piece a call. */
function readPieces(incoming: IncomingMessage): Buffer[] {
  const pieces: Buffer[] = [];
  for (;;) {
    const piece: Buffer | null = incoming.read();
    if (piece === null) return pieces;
    pieces.push(piece);
  }
}

function joined(pieces: readonly Buffer[]): Buffer {
  const [first] = pieces;
  return pieces.length === 1 && first !== undefined ? first : Buffer.concat(pieces);
}

function tooLarge({ maxMessageSize }: BodyLimits): Refusal {
  return new Refusal("PAYLOAD_TOO_LARGE", `the body is larger than ${maxMessageSize} bytes (-max-message-size)`);
}

/** Reads a body that is still on its way, by events. */
function receiveBody(incoming: IncomingMessage, limits: BodyLimits): Promise<Buffer | Refusal> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const settle = (outcome: Buffer | Refusal) => {
      clearTimeout(timer);
      incoming.off("data", onData).off("end", onEnd).off("close", onClose);
      resolve(outcome);
    };
    const onData = (chunk: Buffer) => {
      size += chunk.length;
      if (size > limits.maxMessageSize) settle(tooLarge(limits));
      else chunks.push(chunk);
    };
    const onEnd = () => settle(joined(chunks));
    const onClose = () => settle(new Refusal("BAD_REQUEST", "the body could not be read"));
    const timer = setTimeout(
      () => settle(new Refusal("REQUEST_TIMEOUT", "the body did not arrive in time")),
      limits.readTimeoutMs,
    );
    // Without a listener an error of the socket would end the process; `close` follows it.
    incoming.on("error", () => {});
    incoming.on("data", onData).on("end", onEnd).on("close", onClose);
  });
}

/** Why a body that arrived whole is no JSON for us; undefined where it is. */
function refusesJson(incoming: IncomingMessage, body: Buffer): Refusal | undefined {
  // Also what keeps other sites' forms out: browsers send JSON across origins only where CORS allows it.
  if (!JSON_TYPE.test(incoming.headers["content-type"] ?? "")) {
    return new Refusal("BAD_REQUEST", "Content-Type must be application/json");
  }
  if (!isUtf8(body)) return new Refusal("BAD_REQUEST", NOT_UTF8);
  return isAcceptableJson(body) ? undefined : new Refusal("BAD_REQUEST", "the body must be well-formed JSON");
}

/**
 * Reads a body of text.
 * @throws {HttpRefusal} where it is too large, too late, or not UTF-8
 */
export async function readText(incoming: IncomingMessage, limits: BodyLimits): Promise<Buffer> {
  const body = await readBody(incoming, limits);
  if (body instanceof Refusal) throw new HttpRefusal(body.code, body.message);
  if (!isUtf8(body)) throw new HttpRefusal("BAD_REQUEST", NOT_UTF8);
  return body;
}

/**
 * Reads a JSON body, for a parser that trusts it: at once where it has come already.
 * @throws {HttpRefusal} where it is too large, too late, not declared as JSON, not UTF-8, or not JSON
 */
export function readJson(
  incoming: IncomingMessage,
  limits: BodyLimits,
  counters: BodyCounters,
): Buffer | Promise<Buffer> {
  const checked = (body: Buffer | Refusal): Buffer => {
    if (body instanceof Refusal) throw new HttpRefusal(body.code, body.message);
    counters.receivedBytes += body.length;
    const refusal = refusesJson(incoming, body);
    if (refusal !== undefined) throw new HttpRefusal(refusal.code, refusal.message);
    return body;
  };
  const body = readBody(incoming, limits);
  return body instanceof Promise ? body.then(checked) : checked(body);
}
