import { Refusal } from "../../protocol/errors.ts";
import type { Credentials } from "../access/authenticator.ts";
import type { Principal } from "../access/principal.ts";
import { CONNECTION_BURST, CONNECTIONS_PER_SEC, type RequestKind } from "../rate-limit.ts";
import { isConsolePath } from "./console.ts";
import type { HttpOptions, HttpPorts } from "./context.ts";
import { presentedCredentials } from "./credentials.ts";
import { isDocsPath } from "./docs.ts";
import { HttpRefusal } from "./errors.ts";
import { isEventStreamPath, isSessionRequestPath, SESSION_PATH, WEBSOCKET_PATH } from "./paths.ts";
import { originOf, type RequestHead } from "./request-head.ts";

const HEALTH_PATHS = ["/health", "/health/live", "/health/ready"];

/** What admission works with. */
export interface AdmissionPorts extends Pick<HttpPorts, "allowsOrigin" | "authenticate" | "isDraining"> {
  readonly connections: Pick<HttpPorts["connections"], "count">;
  readonly keys: Pick<HttpPorts["keys"], "holderOf">;
  readonly rateLimit: Pick<HttpPorts["rateLimit"], "take">;
}

/** What a request counts as in the rate limit: those that connect to stay have a bucket of their own. */
function kindOf({ headers, path }: RequestHead): RequestKind {
  const isUpgrade = path === WEBSOCKET_PATH && headers.upgrade !== undefined;
  return isUpgrade || isEventStreamPath(path) || path === SESSION_PATH ? "connection" : "request";
}

/** What admission decides by; each is an option of the server. */
type AdmissionOptions = Pick<HttpOptions, "maxConnections" | "metricsAuth" | "rateLimitBurst" | "rateLimitPerMin">;

/** Whether the percent-encoding of a path yields text: a router that can't decode it would take it as it stands. */
function isDecodable(path: string): boolean {
  if (!path.includes("%")) return true;
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}

function shuttingDown(): HttpRefusal {
  return new HttpRefusal("UNAVAILABLE", "the server is shutting down");
}

/** Decides by the head of a request whether it is served at all, whatever serves it. */
export class Admission {
  readonly #options: AdmissionOptions;
  readonly #ports: AdmissionPorts;

  constructor(options: AdmissionOptions, ports: AdmissionPorts) {
    this.#options = options;
    this.#ports = ports;
  }

  /**
   * Whether everybody may ask for a path, at any rate and during a shutdown: health, documentation, the console's page, and
   * what a session's id opens.
   */
  isPublic(path: string): boolean {
    if (HEALTH_PATHS.includes(path) || isDocsPath(path) || isConsolePath(path) || isSessionRequestPath(path))
      return true;
    return path === "/metrics" && !this.#options.metricsAuth;
  }

  /**
   * Admits a request to a path that is not public.
   * @returns who makes it; or why it is refused: the server shuts down, the rate limit, no valid key or token
   */
  admit(head: RequestHead): Principal | HttpRefusal | Promise<Principal | HttpRefusal> {
    if (this.#ports.isDraining()) return shuttingDown();
    const credentials = presentedCredentials(head);
    // The rate limit is for strangers: a valid API key is not counted. Whatever else is presented costs a token first.
    const holder = this.#holderOf(credentials);
    if (holder !== undefined) return this.#admitted(head, holder);
    const refusal = this.#takeToken(head);
    if (refusal !== undefined) return refusal;
    const principal = this.#ports.authenticate(credentials);
    if (principal instanceof Promise) return principal.then((settled) => this.#admitted(head, settled));
    return this.#admitted(head, principal);
  }

  /**
   * Admits a client that is going to stay, whatever its transport.
   * @returns why it is refused: its page's origin, or there are as many connections as may be
   */
  admitConnection(head: RequestHead): HttpRefusal | undefined {
    const origin = originOf(head);
    if (origin !== undefined && !this.#ports.allowsOrigin(origin)) {
      return new HttpRefusal("FORBIDDEN", "this origin is not allowed (-allowed-origins)", {}, { origin });
    }
    const { maxConnections } = this.#options;
    if (this.#ports.connections.count >= maxConnections) {
      return new HttpRefusal("UNAVAILABLE", `the limit of ${maxConnections} connections is reached (-max-connections)`);
    }
    return undefined;
  }

  /**
   * Refuses a request to a public path that came without the secret which it needs.
   * @param why why there is nothing for it, if nothing else refuses it first
   */
  refuseStranger(head: RequestHead, why: string): HttpRefusal {
    if (this.#ports.isDraining()) return shuttingDown();
    return this.#takeToken(head) ?? new HttpRefusal("NOT_FOUND", why);
  }

  #takeToken(head: RequestHead): HttpRefusal | undefined {
    const kind = kindOf(head);
    const retryMs = this.#ports.rateLimit.take(head.address, kind);
    if (retryMs === 0) return undefined;
    return new HttpRefusal("RATE_LIMITED", this.#rateLimitMessage(kind), {}, { retryMs });
  }

  /** Names the limit and its flags. What refuses a connection must fit into a close frame: 123 bytes, with a hint. */
  #rateLimitMessage(kind: RequestKind): string {
    const { rateLimitBurst, rateLimitPerMin } = this.#options;
    return kind === "connection"
      ? `too many new connections from this address: ${CONNECTION_BURST} at once, then ${CONNECTIONS_PER_SEC} a second`
      : `too many requests from this address: ${rateLimitBurst} at once (-rate-limit-burst), then ` +
          `${rateLimitPerMin} a minute (-rate-limit-per-min)`;
  }

  #holderOf({ bearer, key }: Credentials): Principal | undefined {
    const presented = key ?? bearer;
    return presented === undefined ? undefined : this.#ports.keys.holderOf(presented);
  }

  #admitted(head: RequestHead, principal: Principal | Refusal): Principal | HttpRefusal {
    if (principal instanceof Refusal) {
      const { code, message } = principal;
      return new HttpRefusal(code, message, code === "UNAUTHORIZED" ? { "WWW-Authenticate": "Bearer" } : {});
    }
    principal.usage.requests++;
    if (isDecodable(head.path)) return principal;
    return new HttpRefusal("BAD_REQUEST", "the path's percent-encoding is not UTF-8");
  }
}
