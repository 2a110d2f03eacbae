import type { HttpOptions, HttpPorts } from "./context.ts";
import { HttpRefusal } from "./errors.ts";

/**
 * Lets a client connect that is going to stay, whatever its transport.
 * @param origin the `Origin` of the page that asks; undefined where it is no browser
 * @throws {HttpRefusal} where pages of that origin may not connect, or there are as many connections as may be
 */
export function admitConnection(origin: string | undefined, options: HttpOptions, ports: HttpPorts): void {
  if (origin !== undefined && !ports.allowsOrigin(origin)) {
    throw new HttpRefusal("FORBIDDEN", "this origin may not connect (-allowed-origins)");
  }
  if (ports.connections.count >= options.maxConnections) {
    throw new HttpRefusal("UNAVAILABLE", "the server has as many connections as it takes");
  }
}
