import type { IncomingHttpHeaders, IncomingMessage } from "node:http";

/** What decides on a request before its body is read. */
export interface RequestHead {
  readonly method: string;
  /** The path: percent-encoded as it was sent, without dot segments and query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** The host that was asked for, as URLs have it. */
  readonly host: string;
  /** The client's address. */
  readonly address: string;
}

/** A path that needs no parsing: nothing in it is encoded, and no segment begins with a dot. */
const PLAIN_PATH = /^(?:\/[\w~-][\w.~-]*)+$/;
/** A host that needs no parsing. */
const PLAIN_HOST = /^[a-z0-9._-]+(?::(?:[1-5]\d{4}|[1-9]\d{3}))?$/;
/** What must not stand in a host, since a URL is put together with it (RFC 9112, section 3.2). */
const NOT_IN_HOST = /[\s/?#@\\]/;
/** Stands for the host that HTTP/1.0 need not name. */
const ANY_HOST = "localhost";

const NO_QUERY = new URLSearchParams();

/** A host as URLs have it; undefined where it is none. */
function canonicalHost(text: string): string | undefined {
  if (PLAIN_HOST.test(text)) return text;
  if (text === "" || NOT_IN_HOST.test(text) || !URL.canParse(`http://${text}/`)) return undefined;
  return new URL(`http://${text}/`).host;
}

/** The `Origin` header; undefined where the client is no browser. */
export function originOf({ headers }: RequestHead): string | undefined {
  return headers.origin;
}

/** A header as one text; undefined where it is absent. */
export function headerOf({ headers }: Pick<RequestHead, "headers">, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value.join(", ") : value;
}

/**
 * Reads the head of a request.
 * @param address the client's address
 * @returns undefined where Host or target are malformed, so that they make no URL
 */
export function readHead(incoming: IncomingMessage, address: string): RequestHead | undefined {
  const { headers, httpVersion, method = "", url: target = "" } = incoming;
  const host = canonicalHost(headers.host ?? (httpVersion === "1.0" ? ANY_HOST : ""));
  if (host === undefined) return undefined;
  if (PLAIN_PATH.test(target)) return { method, path: target, query: NO_QUERY, headers, host, address };
  // A URL's parser takes a backslash for a slash, which no proxy in front does.
  if (/^[^?]*\\/.test(target)) return undefined;
  // A target in absolute form brings its own host (RFC 9112, section 3.2.2).
  const text = target.startsWith("/") ? `http://${host}${target}` : target;
  if (!URL.canParse(text)) return undefined;
  const { pathname, searchParams } = new URL(text);
  return { method, path: pathname, query: searchParams, headers, host, address };
}
