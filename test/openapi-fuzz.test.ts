import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { TestClient } from "./support/client.ts";
import { type DescribedAnswer, type Operation, readDescription } from "./support/openapi/description.ts";
import { requestsFor } from "./support/openapi/random-requests.ts";
import { type ApiRequest, type Caller, isDots, onTheWire } from "./support/openapi/request.ts";
import { judge, judgeCaller } from "./support/openapi/verdict.ts";
import { RawConnection } from "./support/raw-connection.ts";
import { type RawAnswer, rawRequest } from "./support/raw-request.ts";
import { SEED } from "./support/seed.ts";
import { ServerProcess } from "./support/server-process.ts";

// Random requests for all that /swagger/doc.json describes, whatever that is: nothing here knows an operation. What the
// document says must hold: it lists every status, describes every body, and says enough that a request which fits it is
// not refused as malformed. `FC_SEED` with the seed from a test's name repeats a run.

const TIMEOUT_MS = 120_000;
vi.setConfig({ testTimeout: TIMEOUT_MS, hookTimeout: TIMEOUT_MS });

const KEY = "fuzz-key";
/** Of -max-message-size, where it is small. */
const SMALL_BYTES = 2000;

/** How many clients there are besides, where every operation is to be accepted. */
const CLIENTS = 40;

/** What only who knows a secret of a session can do: nothing random is accepted there, nor looked at. */
const SECRET = "POST /ws/session/{id}";

/** Else each stream that is left would take its topic along. */
const LASTING = "-topic-ttl=1m";
/** Else there is no trace to ask for. */
const TRACED = "-trace";

interface Setting extends Caller {
  readonly flags: readonly string[];
  /** How many requests each operation gets. */
  readonly rounds: number;
  /** Whether every operation is to be accepted, and refused where anything can be wrong with it. */
  readonly isRoomy: boolean;
}

const SETTINGS: Record<string, Setting> = {
  "without a key": { flags: [LASTING, TRACED], key: undefined, rounds: 150, isRoomy: true },
  "with a key": { flags: [LASTING, TRACED, `-api-key=${KEY}`], key: KEY, rounds: 150, isRoomy: true },
  "that begins no topics by itself": {
    flags: [LASTING, "-auto-create-topics=false"],
    key: undefined,
    rounds: 100,
    isRoomy: false,
  },
  "with small limits": {
    flags: ["-max-topics=3", "-max-connections=2", `-max-message-size=${SMALL_BYTES}`, "-ring-buffer-size=0"],
    key: undefined,
    rounds: 100,
    isRoomy: false,
  },
  "with a low rate limit": {
    flags: ["-rate-limit-per-min=600", "-rate-limit-burst=5", "-trust-proxy"],
    key: undefined,
    rounds: 40,
    isRoomy: false,
  },
};

/** Of a longer request only the beginning is shown; the seed repeats it. */
const MAX_SHOWN_CHARACTERS = 4000;

/** How to make the same request once more: a command, or the seed. */
function asShellCommand(port: number, wire: string): string {
  if (wire.length > MAX_SHOWN_CHARACTERS) return `FC_SEED=${SEED}, ${wire.slice(0, 200)}...`;
  const quoted = wire.replace(/[^ !#-&(-[\]-~]/g, (c) => `\\${c.charCodeAt(0).toString(8).padStart(3, "0")}`);
  return `printf '${quoted.replaceAll("%", "%%")}' | nc 127.0.0.1 ${port}`;
}

/** What is wrong with an answer by itself: with its status, its headers or its body. */
function faultOfAnswer({ answers }: Operation, { body, headers, status }: RawAnswer): string | undefined {
  const described = answers.get(status);
  if (described === undefined) return `status ${status} is not described`;
  for (const [name, fits] of described.headers) if (!fits(headers.get(name))) return `the header ${name} does not fit`;
  return faultOfBody(described, headers.get("content-type") ?? "", body);
}

function faultOfBody({ bodies }: DescribedAnswer, contentType: string, body: string): string | undefined {
  const type = contentType.replace(/;.*/, "");
  if (bodies.size === 0) return body === "" ? undefined : "there is a body, and none is described";
  const fits = bodies.get(type);
  if (fits === undefined) return `the content type ${contentType} is not described`;
  if (type !== "application/json") return undefined;
  return fits(JSON.parse(body)) ? undefined : `the body does not fit: ${JSON.stringify(fits.errors)}`;
}

/** What is wrong with an answer to this request: that it was let in or refused against the description. */
function faultOfRefusal(request: ApiRequest, caller: Caller, status: number, body: string): string | undefined {
  // These say nothing of the request.
  if (status === 429 || status === 503) return undefined;
  // How long a token becomes, no schema can say.
  if (status === 400 && body.includes("the token would be longer than")) return undefined;
  const isAccepted = status < 400;
  const known = judgeCaller(request, caller);
  if (known === "breaks") return status === 401 ? undefined : "its caller may not make it";
  const verdict = judge(request);
  if (verdict === "breaks") return isAccepted ? "the request breaks the description, and is accepted" : undefined;
  if (verdict === "unknown" || status === 413) return undefined;
  if (status === 400 || status === 426) return "the request fits the description, and is refused as malformed";
  if (known === "fits" && (status === 401 || status === 403)) return "its caller may make it";
  return undefined;
}

/** The close code 4401, in two bytes. */
const UNAUTHORIZED = "\x11\x31";

/** Repeats a request that a caller may not make and that was answered with 101; returns the status that the close stands for. */
async function statusOfClose(port: number, wire: string): Promise<number> {
  using connection = await RawConnection.open(port);
  connection.send(wire);
  const [, frame = ""] = (await connection.until(UNAUTHORIZED)).split("\r\n\r\n");
  return frame.startsWith("\x88") && frame.indexOf(UNAUTHORIZED) === 2 ? 401 : 101;
}

/** Makes a request, and throws what is needed to repeat it where its answer is not as described. */
async function exchange(server: ServerProcess, request: ApiRequest, caller: Caller): Promise<RawAnswer> {
  const wire = onTheWire(request);
  const fail = (why: string, cause?: unknown) =>
    new Error(`${why}\nrepeat it with: ${asShellCommand(server.port, wire)}`, { cause });
  const answer = await rawRequest(server.port, Buffer.from(wire, "latin1")).catch((error) => {
    throw fail(String(error), error);
  });
  const isRefused = answer.status === 101 && judgeCaller(request, caller) === "breaks";
  const status = isRefused ? await statusOfClose(server.port, wire) : answer.status;
  const fault = faultOfAnswer(request.operation, answer) ?? faultOfRefusal(request, caller, status, answer.body);
  if (fault !== undefined) throw fail(`${fault}\nanswer: ${answer.status} ${answer.body}`);
  return { ...answer, status };
}

/** Throws the fault alone: a counterexample holds the whole description, and would be a megabyte of text. */
function throwFault<T>({ errorInstance, failed }: fc.RunDetails<T>): void {
  if (failed) throw errorInstance;
}

/** Asks for JSON, from an address that has made no request yet. */
async function ask(server: ServerProcess, path: string): Promise<unknown> {
  const headers = { "X-API-Key": KEY, "X-Forwarded-For": `10.${randomBytes(3).join(".")}` };
  return (await server.fetch(path, { headers })).json();
}

const statsSchema = z.looseObject({ internal_errors: z.number(), total_clients: z.number() });

/** Waits until the streams and WebSockets that were opened are gone again, and returns the statistics. */
async function settledStats(server: ServerProcess): Promise<z.infer<typeof statsSchema>> {
  const deadlineMs = performance.now() + 10_000;
  for (;;) {
    const stats = statsSchema.parse(await ask(server, "/stats"));
    if (stats.total_clients === 0 || performance.now() > deadlineMs) return stats;
  }
}

/** What all errors are, whatever the path. */
const errorSchema = z.strictObject({ error: z.strictObject({ code: z.string(), message: z.string().min(1) }) });

const nameOf = ({ method, path }: Operation) => `${method} ${path}`;

/** Paths of random parts, many of them parts of those that there are. */
function randomPath(operations: readonly Operation[]): fc.Arbitrary<string> {
  const known = operations.flatMap(({ path }) => path.split("/").slice(1)).filter((part) => !part.includes("{"));
  const part = fc.oneof(
    fc.constantFrom(...known),
    fc.string({ unit: "grapheme" }).map(encodeURIComponent),
    fc.constantFrom("", "%", "%ff", "%2e%2e%2f", "%00", ";", "*", "~", "x.json"),
  );
  const parts = fc.array(
    part.filter((text) => !isDots(text)),
    { minLength: 1, maxLength: 5 },
  );
  return parts.map((all) => `/${all.join("/")}`);
}

function isText(path: string): boolean {
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}

describe.each(Object.entries(SETTINGS))("a server %s", (_, setting) => {
  test(`answers requests as it describes, those that fit and those that don't (seed ${SEED})`, async () => {
    await using server = await ServerProcess.start(setting.flags);
    const description = readDescription(await ask(server, "/swagger/doc.json"));
    const { operations } = description;
    const accepted = new Set<string>();
    const refused = new Set<string>();
    // To be looked at, and cut off: what is random is often a small number.
    const headers: Record<string, string> = setting.key === undefined ? {} : { "X-API-Key": setting.key };
    const connecting = setting.isRoomy ? CLIENTS : 0;
    const clients = await Promise.all(
      Array.from({ length: connecting }, () => TestClient.connect(server.port, { headers })),
    );
    const round = fc.tuple(...operations.map((each) => requestsFor(each, description, setting)));
    const order = fc.shuffledSubarray([...operations.keys()], { minLength: operations.length });
    await fc.assert(
      fc.asyncProperty(round, order, async (requests, indexes) => {
        for (const index of indexes) {
          const request = requests[index];
          if (request === undefined) continue;
          const { status } = await exchange(server, request, setting);
          if (status < 400) accepted.add(nameOf(request.operation));
          else if (status === 400) refused.add(nameOf(request.operation));
        }
      }),
      { seed: SEED, numRuns: setting.rounds, interruptAfterTimeLimit: TIMEOUT_MS / 2, reporter: throwFault },
    );
    for (const client of clients) client[Symbol.dispose]();
    expect(await settledStats(server)).toMatchObject({ internal_errors: 0, total_clients: 0 });
    if (!setting.isRoomy) return;
    // Else these tests would hold of a server that refuses everything, or takes it.
    const open = operations.filter((operation) => nameOf(operation) !== SECRET);
    expect([...accepted].sort()).toEqual(open.map(nameOf).sort());
    const refusing = open.filter(({ answers }) => answers.has(400));
    expect([...refused].sort()).toEqual(refusing.map(nameOf).sort());
  });
});

describe("what is not described", () => {
  test("of a path's methods is answered with 405 and the others, but HEAD as GET is, without a body", async () => {
    await using server = await ServerProcess.start();
    const { operations } = readDescription(await ask(server, "/swagger/doc.json"));
    const paths = new Set(operations.map(({ path }) => path));
    expect(paths.size).toBeGreaterThan(0);
    for (const path of paths) {
      const described = operations.filter((operation) => operation.path === path);
      const methods = described.map(({ method }) => method);
      for (const method of ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]) {
        if (methods.includes(method)) continue;
        const answer = await server.fetch(path.replace(/\{.*?\}/g, "x"), { method });
        const body = await answer.text();
        const get = described.find((operation) => operation.method === "GET");
        if (method === "HEAD" && get !== undefined) {
          expect({ path, isDescribed: get.answers.has(answer.status), body }).toEqual({
            path,
            isDescribed: true,
            body: "",
          });
          continue;
        }
        expect({ path, method, status: answer.status }).toEqual({ path, method, status: 405 });
        expect(answer.headers.get("allow")?.split(", ").sort()).toEqual(methods.sort());
        if (method !== "HEAD") expect(errorSchema.parse(JSON.parse(body)).error.code).toBe("METHOD_NOT_ALLOWED");
      }
    }
  });

  test(`of paths is answered with 404, or 400 where it is no text (seed ${SEED})`, async () => {
    await using server = await ServerProcess.start();
    const { operations } = readDescription(await ask(server, "/swagger/doc.json"));
    const paths = operations.map(({ path }) => new RegExp(`^${path.replace(/\{.*?\}/g, "[^/]+")}$`));
    await fc.assert(
      fc.asyncProperty(
        randomPath(operations),
        fc.constantFrom("GET", "POST", "DELETE", "PUT"),
        async (path, method) => {
          fc.pre(!paths.some((known) => known.test(path)) && !/^\/($|swagger|console)/.test(path));
          const wire = `${method} ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
          const { body, status } = await rawRequest(server.port, Buffer.from(wire, "latin1"));
          const code = errorSchema.parse(JSON.parse(body)).error.code;
          const expected = isText(path) ? { status: 404, code: "NOT_FOUND" } : { status: 400, code: "BAD_REQUEST" };
          expect({ wire, status, code }).toEqual({ wire, ...expected });
        },
      ),
      { seed: SEED, numRuns: 300, interruptAfterTimeLimit: TIMEOUT_MS / 2 },
    );
    expect(await settledStats(server)).toMatchObject({ internal_errors: 0 });
  });
});
