import { z } from "zod";
import { EXIT, Failure } from "./exit.ts";
import type { Target } from "./target.ts";

const ANSWER_TIMEOUT_MS = 10_000;
/** Node.js has the system's code; Bun one of its own, and the system's where a name has several addresses. */
const REFUSED_CODES: readonly unknown[] = ["ConnectionRefused", "ECONNREFUSED"];
const errorSchema = z.looseObject({ error: z.looseObject({ code: z.string(), message: z.string() }) });

/** An answer of the REST API. */
export interface Answer {
  readonly status: number;
  /** What was in it, if that was JSON. */
  readonly body: unknown;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // Node.js says "fetch failed", and why behind that.
  if (error.cause instanceof Error) return reasonOf(error.cause);
  if ("code" in error && REFUSED_CODES.includes(error.code)) return "connection refused";
  return error.name === "TimeoutError" ? `no answer within ${ANSWER_TIMEOUT_MS / 1000} s` : error.message;
}

/** Makes a request. Throws a `Failure` if no answer comes. */
export async function ask({ baseUrl, login }: Target, method: string, path: string, body?: unknown): Promise<Answer> {
  const headers = new Headers();
  if ("apiKey" in login) headers.set("X-API-Key", login.apiKey);
  if ("token" in login) headers.set("Authorization", `Bearer ${login.token}`);
  if (body !== undefined) headers.set("Content-Type", "application/json");
  const init: RequestInit = { method, headers, signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS), redirect: "manual" };
  try {
    const response = await fetch(baseUrl + path, body === undefined ? init : { ...init, body: JSON.stringify(body) });
    const text = await response.text();
    return { status: response.status, body: parseJson(text) };
  } catch (error) {
    throw new Failure(EXIT.UNREACHABLE, `can't reach ${baseUrl}: ${reasonOf(error)}`);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What an answer that is none of the wanted ones means. */
export function refusalOf({ baseUrl }: Target, { status, body }: Answer): Failure {
  const isDenied = status === 401 || status === 403;
  const { data } = errorSchema.safeParse(body);
  if (data === undefined) {
    const exitCode = isDenied ? EXIT.DENIED : EXIT.UNREACHABLE;
    return new Failure(exitCode, `${baseUrl} is not a Ringcast server (HTTP ${status})`);
  }
  return new Failure(isDenied ? EXIT.DENIED : EXIT.FAILURE, `${data.error.code}: ${data.error.message}`);
}

/** Makes a request that must succeed, and returns what was in the answer. Throws a `Failure` where it does not. */
export async function get<T>(target: Target, path: string, schema: z.ZodType<T>): Promise<T> {
  return expectIn(target, await ask(target, "GET", path), schema);
}

/** What is in an answer that must be a success. Throws a `Failure` where it is none. */
export function expectIn<T>(target: Target, answer: Answer, schema: z.ZodType<T>): T {
  const { data } = schema.safeParse(answer.body);
  if (answer.status >= 300 || data === undefined) throw refusalOf(target, answer);
  return data;
}

const UPGRADE_REQUIRED = 426;

/**
 * Why no WebSocket could be opened, which the runtime does not tell. A plain request passes the same checks, up to the
 * one that misses the upgrade.
 */
export async function whyRefused(target: Target): Promise<Failure> {
  try {
    const answer = await ask(target, "GET", "/ws");
    if (answer.status === UPGRADE_REQUIRED) {
      return new Failure(EXIT.UNREACHABLE, `${target.baseUrl} answers, but no WebSocket could be opened`);
    }
    const refusal = refusalOf(target, answer);
    return refusal.exitCode === EXIT.DENIED ? refusal : new Failure(EXIT.UNREACHABLE, refusal.message);
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
}
