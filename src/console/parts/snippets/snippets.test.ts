import { describe, expect, test } from "vitest";
import { shellWord } from "./shell-words.ts";
import { LANGUAGES, snippet } from "./snippets.ts";
import type { Wish } from "./wish.ts";

const LOCAL = { origin: "http://localhost:8080", keyNeeded: false };
const FAR = { origin: "https://example.com", keyNeeded: true };
const ALL = LANGUAGES.map(({ value }) => value);

function publish(wish: Partial<Extract<Wish, { type: "publish" }>> = {}): Wish {
  return { type: "publish", topic: "orders", id: "", payload: '{"order":1}', dedupe: false, ...wish };
}

function subscribe(wish: Partial<Extract<Wish, { type: "subscribe" }>> = {}): Wish {
  return { type: "subscribe", topic: "orders", replay: { kind: "none" }, ...wish };
}

describe("a shell's word", () => {
  test.each([
    ["orders", "orders"],
    ["", "''"],
    ["a b", "'a b'"],
    ["$(reboot)`id`", "'$(reboot)`id`'"],
    ["it's", "'it'\\''s'"],
    ["a\nb", "'a\nb'"],
    ["~", "'~'"],
    ["#", "'#'"],
  ])("of %j is %s", (text, word) => expect(shellWord(text)).toBe(word));
});

describe("curl", () => {
  test("publishes by HTTP", () => {
    expect(snippet("curl", LOCAL, publish())).toBe(
      "curl http://localhost:8080/topics/orders/messages \\\n  -H 'Content-Type: application/json' \\\n" +
        `  --data-raw '{"payload":{"order":1}}'`,
    );
  });

  test("has the id, dedupe, and the variable for the key", () => {
    const text = snippet("curl", FAR, publish({ id: 'a"b', dedupe: true }));
    expect(text).toContain("'https://example.com/topics/orders/messages?dedupe=true'");
    expect(text).toContain('-H "X-API-Key: $RINGCAST_API_KEY"');
    expect(text).toContain('{"id":"a\\"b","payload":');
  });

  test("listens to the event stream, and asks for the history", () => {
    const text = snippet("curl", LOCAL, subscribe({ replay: { kind: "last", count: 5 } }));
    expect(text).toContain("curl -N 'http://localhost:8080/topics/orders/events?last_n=5'");
    expect(text).toContain("curl 'http://localhost:8080/topics/orders/messages?last_n=5'");
    const since = snippet("curl", LOCAL, subscribe({ replay: { kind: "since", epoch: "a&b", offset: 7 } }));
    expect(since).toContain("curl 'http://localhost:8080/topics/orders/messages?epoch=a%26b&offset=7'");
  });

  test.each([".", "..", "\ud800"])("says that the topic %j has no path", (topic) => {
    expect(snippet("curl", LOCAL, publish({ topic }))).toMatch(/^# No path/);
    expect(snippet("curl", LOCAL, subscribe({ topic }))).toMatch(/^# No path/);
  });
});

describe("the command", () => {
  test("publishes and subscribes", () => {
    expect(snippet("cli", LOCAL, publish())).toBe(`ringcast pub orders '{"order":1}'`);
    const replay = { kind: "last", count: 3 } as const;
    expect(snippet("cli", FAR, subscribe({ replay }))).toBe("ringcast sub --last 3 --url https://example.com orders");
  });

  test("does not take a leading dash for an option", () => {
    expect(snippet("cli", LOCAL, publish({ topic: "--help", payload: "-1" }))).toBe("ringcast pub -- --help -1");
    expect(snippet("cli", LOCAL, subscribe({ topic: "-x" }))).toBe("ringcast sub -- -x");
  });

  test("says what it has no flag for", () => {
    expect(snippet("cli", LOCAL, publish({ id: "m1" }))).toMatch(/^# The command gives/);
    expect(snippet("cli", LOCAL, subscribe({ replay: { kind: "since", epoch: "e", offset: 1 } }))).toContain("# ");
  });
});

describe("TypeScript", () => {
  test("has the payload as a literal where that says the same", () => {
    const text = snippet("sdk", FAR, publish({ id: "m1" }));
    expect(text).toContain('connect("wss://example.com/ws", { apiKey: process.env.RINGCAST_API_KEY ?? "" })');
    expect(text).toContain('await client.publish("orders", {"order":1}, { id: "m1" })');
  });

  test.each(["12345678901234567890", "1e400", '{ "a": 1 }', '{"__proto__":1}', '{"a":1,"a":2}', "1.0"])(
    "has %s as raw text",
    (payload) =>
      expect(snippet("sdk", LOCAL, publish({ payload }))).toContain(`${JSON.stringify(payload)}, { raw: true }`),
  );

  test("subscribes with replay", () => {
    expect(snippet("sdk", LOCAL, subscribe({ replay: { kind: "since", epoch: "e", offset: 2 } }))).toContain(
      'client.subscribe("orders", { since: { epoch: "e", offset: 2 } })',
    );
  });
});

test.each(["curl", "cli"] as const)("%s says so where a payload is too long for a command line", (language) => {
  const payload = JSON.stringify("x".repeat(200_000));
  expect(snippet(language, LOCAL, publish({ payload }))).toBe("# This payload is longer than a command line takes.");
});

test.each(ALL)("%s has no name of a topic that ends what it stands in", (language) => {
  const topic = "'\";$(id)`id`\\";
  expect(snippet(language, LOCAL, subscribe({ topic }))).not.toContain(`"${topic}"`);
});
