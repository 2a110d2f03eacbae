import { EXIT, Failure } from "./exit.ts";

/** What the command line says about the server. */
export interface ServerOptions {
  readonly url: string;
  readonly apiKey?: string | undefined;
  readonly token?: string | undefined;
}

/** The server, and who asks. */
export interface Target {
  /** The server's root, without a slash at the end. */
  readonly baseUrl: string;
  readonly socketUrl: string;
  readonly hostname: string;
  /** At most one of these. */
  readonly login: { readonly apiKey: string } | { readonly token: string } | Record<never, never>;
}

const SCHEMES: Readonly<Record<string, string>> = {
  "http:": "http:",
  "https:": "https:",
  "ws:": "http:",
  "wss:": "https:",
};
/** What fits into a header. */
const SECRET = /^[\x21-\x7e]+$/;

function loginOf({ apiKey, token }: ServerOptions): Target["login"] {
  for (const [name, secret] of Object.entries({ "--api-key": apiKey, "--token": token })) {
    if (secret && !SECRET.test(secret)) throw new Failure(EXIT.USAGE, `${name} must be printable ASCII without spaces`);
  }
  if (token) return { token };
  return apiKey ? { apiKey } : {};
}

/** Understands the options that say which server: its root, or its WebSocket. Throws a `Failure` where they make no sense. */
export function targetOf(options: ServerOptions): Target {
  const url = URL.canParse(options.url) ? new URL(options.url) : null;
  const scheme = SCHEMES[url?.protocol ?? ""];
  if (url === null || scheme === undefined || url.hostname === "") {
    throw new Failure(
      EXIT.USAGE,
      `--url must be one such as http://localhost:8080 (it is ${JSON.stringify(options.url)})`,
    );
  }
  const rest = `//${url.host}${url.pathname.replace(/(?:\/ws)?\/*$/, "")}`;
  return {
    baseUrl: `${scheme}${rest}`,
    socketUrl: `${scheme.replace("http", "ws")}${rest}/ws`,
    hostname: url.hostname,
    login: loginOf(options),
  };
}
