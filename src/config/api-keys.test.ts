import { describe, expect, test } from "vitest";
import { MAX_API_KEYS, parseKeysFile } from "./api-keys.ts";
import { parseCommand } from "./arguments.ts";
import { InvalidValue } from "./invalid-value.ts";

/** The keys that a command line gives, or the line with which it is refused. */
function keysOf(argv: readonly string[], environment: Record<string, string> = {}) {
  const command = parseCommand(argv, environment);
  if (command.kind === "run") return command.config.apiKeys;
  return command.kind === "invalid" ? command.message : command.kind;
}

describe("-api-key", () => {
  test("may stand more than once: the keys add up, and those without a name are numbered", () => {
    expect(keysOf(["-api-key=k1", "-api-key=feed:publish:k2", "-api-key", "k3", "-api-key="])).toEqual([
      { name: "api-key", role: "admin", key: "k1" },
      { name: "feed", role: "publish", key: "k2" },
      { name: "api-key-2", role: "admin", key: "k3" },
    ]);
  });

  test("puts aside the variable, which may hold several keys where each has a name", () => {
    const environment = { API_KEY: "ops:admin:k1 feed:publish:k2\n\tview:subscribe:k3 " };
    expect(keysOf([], environment)).toEqual([
      { name: "ops", role: "admin", key: "k1" },
      { name: "feed", role: "publish", key: "k2" },
      { name: "view", role: "subscribe", key: "k3" },
    ]);
    expect(keysOf(["-api-key=k"], environment)).toMatchObject([{ key: "k" }]);
  });

  test.each([
    "a:b",
    "a:admin",
    "feed:publisher:k",
    "feed:Publish:k",
    "feed:publish:",
    ":publish:k",
    "a/b:publish:k",
    `${"n".repeat(65)}:publish:k`,
  ])("takes %s as the key that it was before keys had names", (text) => {
    expect(keysOf([`-api-key=${text}`])).toEqual([{ name: "api-key", role: "admin", key: text }]);
  });

  test.each([
    [["a:admin:k", "a:publish:l"], "flag -api-key must not give the name a to two keys"],
    [["k", "api-key:publish:l"], "flag -api-key must not give the name api-key to two keys"],
    [["s3cret", "b:publish:s3cret"], "flag -api-key must not hold the same key as api-key and as b"],
  ])("refuses %j", (values, message) => {
    expect(keysOf(values.map((value) => `-api-key=${value}`))).toBe(message);
  });

  test("has an end to how many there may be", () => {
    const flags = Array.from({ length: MAX_API_KEYS + 1 }, (_, i) => `-api-key=k${i}`);
    expect(keysOf(flags.slice(1))).toHaveLength(MAX_API_KEYS);
    expect(keysOf(flags)).toBe("flag -api-key must hold at most 1000 keys");
  });
});

describe("a file of keys", () => {
  test("has a name, a role and a key on each line, with blank lines and comments in between", () => {
    const text = "# ours\r\nops admin k1\r\n\n  # theirs\n\tfeed\tpublish   #k2  \nview subscribe k:3";
    expect(parseKeysFile(text)).toEqual([
      { name: "ops", role: "admin", key: "k1" },
      { name: "feed", role: "publish", key: "#k2" },
      { name: "view", role: "subscribe", key: "k:3" },
    ]);
  });

  test.each([
    ["s3cret", "is not a name, a role and a key"],
    ["feed publish", "is not a name, a role and a key"],
    ["feed publish s3cret more", "is not a name, a role and a key"],
    ["feed s3cret publish", "has a role that is none of admin, publish, subscribe"],
    ["s/3cret publish feed", "has a name that is not"],
    ["feed publish s3crét", "has a key that is not"],
    [`feed publish ${"s3cret".repeat(50)}`, "has a key that is not"],
    ["ops publish s3cret", "has the name of line 1"],
    ["feed publish k1", "has the key of line 1"],
  ])("is refused for a line such as %j, which is named and not shown", (line, what) => {
    const refused = parseKeysFile(`ops admin k1\n\n${line}\n`);
    const { reason } = refused instanceof InvalidValue ? refused : { reason: "accepted" };
    expect(reason?.slice(0, `is wrong: line 3 ${what}`.length)).toBe(`is wrong: line 3 ${what}`);
    expect(reason).not.toContain("s3");
  });

  test("is refused where it holds no key at all, or too many", () => {
    expect(parseKeysFile("")).toEqual(new InvalidValue("holds no key"));
    expect(parseKeysFile("# none\n\n")).toEqual(new InvalidValue("holds no key"));
    const lines = Array.from({ length: MAX_API_KEYS + 1 }, (_, i) => `n${i} admin k${i}\n`);
    expect(parseKeysFile(lines.slice(1).join(""))).toHaveLength(MAX_API_KEYS);
    expect(parseKeysFile(lines.join(""))).toEqual(new InvalidValue("holds more than 1000 keys"));
  });
});
