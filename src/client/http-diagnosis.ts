import type { RingcastError } from "./errors.ts";

// Why there is no session by HTTP. Of a WebSocket that fails, a page learns nothing; of a request, it learns much.

const ABNORMAL = 1006;
/** The close code by which a WebSocket would be refused for an error code. */
const CLOSE_CODES: ReadonlyMap<string, number> = new Map([
  ["UNAUTHORIZED", 4401],
  ["FORBIDDEN", 4403],
  ["RATE_LIMITED", 1013],
  ["UNAVAILABLE", 1013],
]);
/** The most bytes of an error that are read. */
const MAX_ERROR_BYTES = 64 * 1024;

/** Makes a request, with the credentials of the client if none others are given. */
export type Fetch = (url: string, init?: RequestInit) => Promise<Response>;

/** Why a link ended or could not be opened. */
export interface Ending {
  readonly code: number;
  readonly reason: string;
  /** What the reason is about. */
  readonly problem?: RingcastError["code"];
}

/** The link broke. */
export function brokenBy(reason: string): Ending {
  return { code: ABNORMAL, reason };
}

function failedBy(problem: RingcastError["code"], reason: string): Ending {
  return { code: ABNORMAL, reason, problem };
}

/** The WebSocket URL as developers are shown it: without its query. */
function shown(url: string): string {
  return url.replace(/\?.*/, "");
}

/** The HTTP form of a WebSocket URL, with something behind its path. */
export function httpUrl(url: string, path: string): string {
  const { href, search } = new URL(url.replace(/^ws/, "http"));
  return `${href.slice(0, href.length - search.length)}${path}${search}`;
}

/** A JSON object's members; none if the text is no JSON object. */
export function membersOf(json: string): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(json));
  } catch {
    return {};
  }
}

/** Reads a body; of one that is too long, nothing. */
async function readText({ body }: Response): Promise<string> {
  const reader = body?.getReader();
  const decoder = new TextDecoder();
  let text = "";
  let size = 0;
  while (reader !== undefined && size <= MAX_ERROR_BYTES) {
    const { done, value } = await reader.read();
    if (done) return text;
    size += value.length;
    text += decoder.decode(value, { stream: true });
  }
  await reader?.cancel();
  return "";
}

/** The error in the body of a response of Ringcast; undefined if it is no response of Ringcast. */
export async function errorIn(response: Response): Promise<{ code: string; message: string } | undefined> {
  const { error } = membersOf(await readText(response));
  const { code, message }: Readonly<Record<string, unknown>> = Object(error);
  return typeof code === "string" && typeof message === "string" ? { code, message } : undefined;
}

/** What answers is no Ringcast server. */
export function noRingcast(url: string, { status, type }: Response): Ending {
  const what = type === "opaqueredirect" ? "a redirect" : `HTTP ${status}`;
  return failedBy("NOT_RINGCAST", `${shown(url)} is not a Ringcast server (${what})`);
}

/** What the runtime knows of a failure besides that nobody answers, in parentheses. */
function detailOf(error: unknown): string {
  const { cause, code: own }: Readonly<Record<string, unknown>> = Object(error);
  const { code = own }: Readonly<Record<string, unknown>> = Object(cause);
  return typeof code !== "string" || /refused/i.test(code) ? "" : ` (${code})`;
}

/**
 * Says what is wrong if there is no response to the request for a session.
 * @param url of the WebSocket
 * @param error with which the request failed
 */
export async function diagnoseNothing(url: string, error: unknown, fetch: Fetch): Promise<Ending> {
  try {
    // A page of another origin may make this request in any case, but not read the response. It opens no session.
    const init: RequestInit = { method: "HEAD", mode: "no-cors", redirect: "follow", credentials: "omit", headers: {} };
    await fetch(httpUrl(url, "/session"), init);
  } catch {
    return failedBy("UNREACHABLE", `nothing answers at ${shown(url)}${detailOf(error)}`);
  }
  return failedBy(
    "NOT_RINGCAST",
    `WebSockets to ${shown(url)} fail, and this page can't read the response: it is not a Ringcast server, ` +
      "or -enable-cors is off, or -allowed-origins lacks this page's origin",
  );
}

/**
 * Says what is wrong if the response to the request for a session is not one.
 * @param url of the WebSocket
 */
export async function diagnose(url: string, response: Response, fetch: Fetch): Promise<Ending> {
  const refusal = await errorIn(response);
  if (refusal === undefined) return noRingcast(url, response);
  const { code, message } = refusal;
  if (code === "NOT_FOUND") {
    const plain = await fetch(httpUrl(url, ""));
    if ((await errorIn(plain))?.code === "UPGRADE_REQUIRED") {
      return failedBy(
        "UNREACHABLE",
        `WebSockets to ${shown(url)} fail, and its server is too old to work without them`,
      );
    }
    return failedBy("NOT_RINGCAST", `the Ringcast server at ${shown(url)} has no WebSocket at this path; use /ws`);
  }
  const closeCode = CLOSE_CODES.get(code);
  if (closeCode === undefined) return brokenBy(message);
  const seconds = response.headers.get("Retry-After") ?? "";
  const hasHint = !/^\d{1,6}$/.test(seconds) || message.includes("retry after");
  return { code: closeCode, reason: hasHint ? message : `${message}; retry after ${Number(seconds) * 1000} ms` };
}
