import { join } from "node:path";
import type { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { type Language, snippet } from "../src/console/parts/snippets/snippets.ts";
import { Child } from "./support/child.ts";
import { within } from "./support/mailbox.ts";
import { webSocketRuntime } from "./support/newest-node.ts";
import { ROOT, ServerProcess } from "./support/server-process.ts";
import { TemporaryFile } from "./support/temporary-file.ts";

// What the console gives to be copied does what it says, run by a real shell against a real server.

const KEY = "it's-$a-`key`";
const HEADERS = { "X-API-Key": KEY };
const CLIENT = join(ROOT, "src", "client", "index.ts");
const DEADLINE_MS = 20_000;

const HOSTILE_TOPICS = [
  "orders",
  `it's "quoted"`,
  "$(touch /tmp/nothing) `id` $HOME !! \\",
  "--help",
  "-",
  "@file; exit 1 #",
  "a/b?c=d&e%2f{1,2}[3-4]*~",
  "emoji \u{1f600} é 中 \u2028",
];
const HOSTILE_PAYLOADS = [
  `{"order":12345678901234567890,"tiny":1e-400, "spaced" : [ ] }`,
  `"it's $(id) \`id\` \${HOME} !! \\\\ \\" \\u0000 \\n"`,
  `{\n\t"lines": "of \u{1f600} é\u2028 text",\n  "__proto__": {"a":1}\n}`,
  "-1",
  "1e400",
  `"@/etc/passwd; exit 1 #"`,
  `"--help"`,
  "null",
];

/** What runs the programs; without it, only commands are tested. */
const RUNTIME = webSocketRuntime();

const CASES = HOSTILE_TOPICS.map((topic, index) => [topic, HOSTILE_PAYLOADS[index] ?? ""] as const);
const messagesSchema = z.object({ messages: z.array(z.object({ id: z.string() })) });

let server: ServerProcess;
beforeAll(async () => {
  server = await ServerProcess.start([`-api-key=${KEY}`]);
});
afterAll(() => server[Symbol.asyncDispose]());

const target = () => ({ origin: server.url, keyNeeded: true });

/** Starts it as somebody does who has copied it; for a program, the client is the checkout's. */
function start(language: Language, text: string, program: TemporaryFile) {
  program.write(text.replace('"ringcast/client"', JSON.stringify(CLIENT)));
  return new Child(language === "sdk" ? [...(RUNTIME ?? []), program.path] : ["sh", "-euc", text], {
    cwd: ROOT,
    env: { PATH: `${join(ROOT, "bin")}:${process.env["PATH"]}`, RINGCAST_API_KEY: KEY },
  });
}

async function newest(topic: string): Promise<string> {
  const path = `/topics/${encodeURIComponent(topic)}/messages?last_n=1`;
  return await (await server.fetch(path, { headers: HEADERS })).text();
}

const LANGUAGES = RUNTIME === undefined ? (["curl", "cli"] as const) : (["curl", "cli", "sdk"] as const);

describe.each<Language>(LANGUAGES)("what is copied for %s", (language) => {
  test.each(CASES)(
    "publishes to the topic %j the payload %j as it is",
    async (topic, payload) => {
      using program = new TemporaryFile("copied.mts", "");
      const id = language === "cli" ? "" : `${topic} ${language}`;
      const wish = { type: "publish", topic, id, payload, dedupe: id !== "" } as const;
      const copied = start(language, snippet(language, target(), wish), program);
      const { code, stderr } = await within(copied.ended(), "the end of what was copied", DEADLINE_MS);
      expect([code, code === 0 ? "" : stderr]).toEqual([0, ""]);
      const text = await newest(topic);
      // Byte for byte: JSON.parse would lose what it is about.
      expect(text).toContain(`"payload":${payload}`);
      if (id !== "") expect(messagesSchema.parse(JSON.parse(text)).messages[0]?.id).toBe(id);
    },
    DEADLINE_MS,
  );

  test.each(CASES)(
    "subscribes to the topic %j and replays",
    async (topic) => {
      using program = new TemporaryFile("copied.mts", "");
      await server.post(`/topics/${encodeURIComponent(topic)}/messages`, { payload: `replayed ${language}` }, HEADERS);
      const text = snippet(language, target(), { type: "subscribe", topic, replay: { kind: "last", count: 1 } });
      // It has no end; so that the shell leaves nobody behind, it becomes the command.
      const copied = start(language, text.replace(/^(curl|ringcast) /m, "exec $1 "), program);
      try {
        await within(says(copied.stdout, `replayed ${language}`), "what is replayed", DEADLINE_MS);
      } finally {
        copied.kill();
        await copied.exited;
      }
    },
    DEADLINE_MS,
  );
});

/** Resolves when the output has a text in it, and rejects where it ends without. */
async function says(output: Readable, words: string): Promise<void> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of output) {
    text += decoder.decode(chunk, { stream: true });
    if (text.includes(words)) return;
  }
  throw new Error(`it ended with ${JSON.stringify(text)}`);
}
