import type { IncomingMessage } from "node:http";
import { get } from "node:https";
import { deferred } from "../../src/client/deferred.ts";

/** Makes an HTTPS request that trusts this certificate (PEM) alone; resolves with the response once its head has come. */
export async function httpsGet(url: string, ca: string): Promise<IncomingMessage> {
  const request = get(url, { ca, agent: false });
  const { promise, resolve, reject } = deferred<IncomingMessage>();
  request.once("response", resolve).once("error", reject);
  return await promise;
}
