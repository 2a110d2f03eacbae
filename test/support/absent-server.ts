import { once } from "node:events";
import { createServer } from "node:net";

/** A URL of this machine where nobody listens. */
export async function absentServer(): Promise<string> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  if (address === null || typeof address === "string") throw new Error("the probe has no port");
  return `http://127.0.0.1:${address.port}`;
}
