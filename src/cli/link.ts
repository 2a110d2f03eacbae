import { decodeJwt } from "jose";
import { WebSocket } from "ws";
import { deferred } from "../client/deferred.ts";
import { type Client, type ConnectOptions, connect, type State } from "../client/index.ts";
import { asFailure, EXIT, type Failure } from "./exit.ts";
import { whyRefused } from "./http.ts";
import { talk } from "./output.ts";
import type { Target } from "./target.ts";

const CONNECT_TIMEOUT_MS = 5000;

/** A client that tells of its connection on standard error. */
export interface Link {
  readonly client: Client;
  /** Rejects with a `Failure` if there is no server at the beginning, or if it lets the client in no longer. */
  readonly failed: Promise<never>;
}

/** The client id that a token names, which its holder's subscriptions must have. */
function clientIdOf({ login }: Target): string | undefined {
  try {
    return "token" in login ? decodeJwt(login.token).sub : undefined;
  } catch {
    // The server says what is wrong with it.
    return undefined;
  }
}

/**
 * Connects to a server.
 * @param isPatient whether to wait for a server that is not there at the beginning
 */
export function openLink(target: Target, options: ConnectOptions, isPatient: boolean): Link {
  const { promise: failed, reject } = deferred<never>();
  // Who is not waiting for it any more need not know.
  failed.catch(() => {});
  const defaults = { connectTimeoutMs: CONNECT_TIMEOUT_MS, webSocket: WebSocket };
  const clientId = clientIdOf(target);
  const client = connect(target.socketUrl, { ...defaults, ...(clientId && { clientId }), ...target.login, ...options });
  let hasBeenOpen = false;
  let isTold = false;
  const tell = (message: string) => {
    if (!isTold) talk(message);
    isTold = true;
  };
  const diagnose = async () => {
    const failure: Failure = await whyRefused(target);
    if (failure.exitCode === EXIT.DENIED || (!hasBeenOpen && !isPatient)) reject(failure);
    else tell(`${failure.message}; trying again`);
  };
  // The others are about the connection, whose states are reported below, or end the verb.
  client.on("warning", ({ code, message }) => {
    if (code === "CLAMPED") talk(message);
  });
  let last: State["state"] = "connecting";
  client.on("state", (state) => {
    const wasOpen = last === "open";
    last = state.state;
    if (state.state === "open") {
      hasBeenOpen = true;
      if (isTold) talk(`connected to ${target.baseUrl}`);
      isTold = false;
    } else if (state.state === "waiting" && wasOpen) {
      tell(`lost the connection (code ${state.code}${state.reason && `, ${state.reason}`}); trying again`);
    } else if (state.state === "waiting") {
      diagnose().catch(reject);
    } else if (state.state === "closed" && state.error !== undefined) {
      reject(asFailure(state.error));
    }
  });
  // A wrong address or key shows before the first line is read.
  client.connect();
  return { client, failed };
}
