import { afterAll, afterEach, expect, test, vi } from "vitest";

vi.mock("./session.ts", () => ({ apiKey: { value: "" } }));
const { request } = await import("./api.ts");

const server = vi.spyOn(globalThis, "fetch");
afterEach(() => server.mockReset());
// Other files of tests share the process, and fetch.
afterAll(() => server.mockRestore());

/** What a request comes to: the code and status of its failure. */
async function failure(answer: () => Promise<Response>): Promise<unknown> {
  server.mockImplementation(answer);
  return await request("GET", "/topics").then(
    () => undefined,
    ({ code, status }) => [code, status],
  );
}

test("a refusal has the server's code", async () => {
  expect(await failure(async () => Response.json({ error: { code: "FORBIDDEN" } }, { status: 403 }))).toEqual([
    "FORBIDDEN",
    403,
  ]);
});

test("a server that does not answer, or breaks off in the middle, is out of reach", async () => {
  expect(await failure(() => Promise.reject(new TypeError("fetch failed")))).toEqual(["UNREACHABLE", 0]);
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode('{"top'));
      controller.error(new TypeError("network error"));
    },
  });
  expect(await failure(async () => new Response(body))).toEqual(["UNREACHABLE", 0]);
});

test("no request waits for ever", async () => {
  await failure(async () => Response.json({}));
  expect(server.mock.calls[0]?.[1]?.signal).toBeInstanceOf(AbortSignal);
});
