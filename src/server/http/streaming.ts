import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import type { Context } from "hono";
import type { Admission } from "./admission.ts";
import type { HttpEnv } from "./context.ts";

/**
 * Answers a request with a stream.
 * @param open opens the stream on a response, with headers that were set already, CORS among them
 * @throws {HttpRefusal} where the client may not connect
 */
export async function answerWithStream(
  c: Context<HttpEnv>,
  admission: Admission,
  open: (outgoing: ServerResponse, headers: Record<string, string>) => void,
): Promise<Response> {
  const { head, outgoing } = c.env;
  // Of requests in a row on one connection, each waits for the responses before it.
  if (outgoing.socket === null) await once(outgoing, "socket");
  // The client has gone meanwhile: nothing more would tell of that.
  if (outgoing.destroyed || outgoing.socket?.destroyed) return RESPONSE_ALREADY_SENT;
  const refusal = admission.admitConnection(head);
  if (refusal !== undefined) throw refusal;
  // A stream that nobody reads must not begin.
  if (c.req.method === "HEAD") return new Response(null, { headers: { "Content-Type": "text/event-stream" } });
  open(outgoing, Object.fromEntries(c.res.headers));
  return RESPONSE_ALREADY_SENT;
}
