import { isAcceptableJson } from "../../protocol/decode.ts";
import { Refusal } from "../../protocol/errors.ts";
import type { HttpOptions } from "./context.ts";
import { HttpRefusal } from "./errors.ts";

/** How large a body may be, in bytes, and how long it may take to arrive. */
type BodyLimits = Pick<HttpOptions, "maxMessageSize" | "readTimeoutMs">;

class BodyTimeout extends Error {}

/** Reads a request's body into memory, within a size and a time. */
async function readBody(
  request: Request,
  maxBytes: number,
  timeoutMs: number,
): Promise<Uint8Array<ArrayBuffer> | Refusal> {
  const tooLarge = new Refusal("PAYLOAD_TOO_LARGE", `the body is larger than ${maxBytes} bytes`);
  if (Number(request.headers.get("content-length") ?? 0) > maxBytes) return tooLarge;
  const reader = request.body?.getReader();
  if (reader === undefined) return new Uint8Array();
  const timeout = Promise.withResolvers<never>();
  const timer = setTimeout(() => timeout.reject(new BodyTimeout()), timeoutMs);
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for (;;) {
      const { done, value } = await Promise.race([reader.read(), timeout.promise]);
      if (done) return new Uint8Array(await new Blob(chunks.map((chunk) => new Uint8Array(chunk))).arrayBuffer());
      size += value.byteLength;
      if (size > maxBytes) return tooLarge;
      chunks.push(value);
    }
  } catch (error) {
    if (error instanceof BodyTimeout) return new Refusal("REQUEST_TIMEOUT", "the body did not arrive in time");
    return new Refusal("BAD_REQUEST", "the body could not be read");
  } finally {
    clearTimeout(timer);
    // Whatever is left of the body is nobody's any more; that cancelling fails on a closed connection is no news.
    reader.cancel().catch(() => {});
  }
}

async function readText(request: Request, { maxMessageSize, readTimeoutMs }: BodyLimits): Promise<string | Refusal> {
  const body = await readBody(request, maxMessageSize, readTimeoutMs);
  if (body instanceof Refusal) return body;
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
export async function readJson(request: Request, limits: BodyLimits): Promise<string> {
  const text = await readText(request, limits);
  // The rest of the body may still be on its way, so the connection is of no further use.
  if (text instanceof Refusal) throw new HttpRefusal(text.code, text.message, { Connection: "close" });
  return text;
}
