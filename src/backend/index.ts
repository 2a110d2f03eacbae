import { Backend } from "./backend.ts";
import { RingcastError } from "./errors.ts";
import type { BackendOptions } from "./options.ts";

export type { Backend, TopicHandle } from "./backend.ts";
export { type BackendErrorCode, RingcastError } from "./errors.ts";
export type {
  BackendOptions,
  FetchInit,
  FetchResponse,
  Grant,
  Message,
  Position,
  Published,
  PublishOptions,
} from "./options.ts";

/**
 * A Ringcast server elsewhere, for a back end. It opens nothing; each call is a request or several.
 * @param url the server's root, such as `http://localhost:8080`
 * @throws RingcastError `BAD_REQUEST` if the URL is not an HTTP URL, or `maxTries` or `timeoutMs` is less than 1
 */
export function connectBackend(url: string | { readonly href: string }, options: BackendOptions = {}): Backend {
  const text = String(url);
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
    throw new RingcastError("BAD_REQUEST", `${JSON.stringify(text)} is not an HTTP URL such as http://localhost:8080`);
  }
  for (const name of ["maxTries", "timeoutMs"] as const) {
    const value = options[name] ?? 1;
    if (!(value >= 1)) throw new RingcastError("BAD_REQUEST", `the option ${name} must be 1 or more`);
  }
  const { origin, pathname } = new URL(text);
  return new Backend(origin + pathname.replace(/\/+$/, ""), options);
}
