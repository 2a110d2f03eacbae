import type { Counters } from "../../core/counters.ts";
import { isAcceptableJson } from "../../protocol/decode.ts";
import { Refusal } from "../../protocol/errors.ts";
import type { HttpOptions } from "./context.ts";
import { HttpRefusal } from "./errors.ts";

/** How large a body may be, in bytes, and how long it may take to arrive. */
type BodyLimits = Pick<HttpOptions, "maxMessageSize" | "readTimeoutMs">;

/** Where the bytes of bodies that arrived whole are counted. */
type BodyCounters = Pick<Counters, "receivedBytes">;

class BodyTimeout extends Error {}

/** A body of unknown length, piece by piece, so that it is given up as soon as it is too large. */
async function readPieces(request: Request, maxBytes: number): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.byteLength;
    if (size > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Reads a request's body into memory, within a size and a time. */
async function readBody(request: Request, maxBytes: number, timeoutMs: number): Promise<Uint8Array | Refusal> {
  const tooLarge = new Refusal("PAYLOAD_TOO_LARGE", `the body is larger than ${maxBytes} bytes`);
  const length = request.headers.get("content-length");
  if (Number(length ?? 0) > maxBytes) return tooLarge;
  const timeout = Promise.withResolvers<never>();
  const timer = setTimeout(() => timeout.reject(new BodyTimeout()), timeoutMs);
  try {
    // A length that is said is kept by Bun, and what is read at once costs half of what pieces do.
    const body = length === null ? readPieces(request, maxBytes) : request.bytes();
    return (await Promise.race([body, timeout.promise])) ?? tooLarge;
  } catch (error) {
    if (error instanceof BodyTimeout) return new Refusal("REQUEST_TIMEOUT", "the body did not arrive in time");
    return new Refusal("BAD_REQUEST", "the body could not be read");
  } finally {
    clearTimeout(timer);
  }
}

async function readText(
  request: Request,
  { maxMessageSize, readTimeoutMs }: BodyLimits,
  counters: BodyCounters,
): Promise<string | Refusal> {
  const body = await readBody(request, maxMessageSize, readTimeoutMs);
  if (body instanceof Refusal) return body;
  counters.receivedBytes += body.byteLength;
  const type = request.headers.get("content-type") ?? "";
  // Also what keeps other sites' forms out: browsers send JSON across origins only where CORS allows it.
  if (!/^application\/json[\t ]*(?:;|$)/i.test(type))
    return new Refusal("BAD_REQUEST", "Content-Type must be application/json");
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(body);
    return isAcceptableJson(text) ? text : new Refusal("BAD_REQUEST", "the body must be well-formed JSON");
  } catch {
    return new Refusal("BAD_REQUEST", "the body must be UTF-8");
  }
}

/**
 * Reads a JSON body as text, for a parser that trusts it.
 * @throws {HttpRefusal} where it is too large, too late, not declared as JSON, not UTF-8, or not JSON
 */
export async function readJson(request: Request, limits: BodyLimits, counters: BodyCounters): Promise<string> {
  const text = await readText(request, limits, counters);
  // The rest of the body may still be on its way, so the connection is of no further use.
  if (text instanceof Refusal) throw new HttpRefusal(text.code, text.message, { Connection: "close" });
  return text;
}
