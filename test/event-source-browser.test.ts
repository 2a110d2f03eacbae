import { expect, test } from "vitest";
import { z } from "zod";
import { deferred } from "../src/client/deferred.ts";
import { HAS_BROWSER, launchBrowser } from "./support/browser.ts";
import { type Cut, FaultProxy } from "./support/fault-proxy.ts";
import { within } from "./support/mailbox.ts";
import { SEED } from "./support/seed.ts";
import { ServerProcess } from "./support/server-process.ts";

const MESSAGES = 10_000;
const CUTS = 50;
const RING = 300;
const KEY = "browser-key";
const WITH_KEY = { "X-API-Key": KEY };
const KINDS: readonly Cut[] = ["close", "reset", "mid-frame down"];

/** What an EventSource got, in order: the offset of an event, or the first and last offset of a gap. */
type Seen = number | readonly [number, number];

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Follows a topic as a page does, with nothing but what browsers have. It runs in the page. */
const FOLLOW = (token: string) => `
  const seen = [];
  let opened = 0;
  const source = new EventSource("/topics/live/events?token=${token}");
  // Not at \`onopen\`: before the ack it has no id with which it could resume.
  source.addEventListener("ack", () => onOpen(++opened));
  source.onmessage = ({ data }) => { const { offset } = JSON.parse(data); seen.push(offset); onReach(offset); };
  source.addEventListener("gap", ({ data }) => {
    const { from_offset, to_offset } = JSON.parse(data).info;
    seen.push([from_offset, to_offset]);
  });
  window.seen = seen;
`;

class Milestones {
  readonly #waiting = new Set<{ readonly at: number; readonly resolve: () => void }>();
  #reached = 0;

  note(at: number): void {
    this.#reached = Math.max(this.#reached, at);
    for (const each of this.#waiting) if (each.at <= this.#reached) each.resolve();
  }

  reached(at: number, what: string): Promise<void> {
    if (at <= this.#reached) return Promise.resolve();
    const { promise, resolve } = deferred<void>();
    this.#waiting.add({ at, resolve });
    return within(promise, `${what} ${at}`, 30_000);
  }
}

test.skipIf(!HAS_BROWSER)(
  `an EventSource in a browser gets ${MESSAGES} messages across ${CUTS} cuts, each once and in order, or a gap that says what is missing (seed ${SEED})`,
  async () => {
    const random = randomNumbers(SEED);
    await using server = await ServerProcess.start([`-api-key=${KEY}`, `-ring-buffer-size=${RING}`, "-topic-ttl=1m"]);
    await using proxy = await FaultProxy.start(server.port);
    await using browser = await launchBrowser();
    const page = await browser.newPage();
    const offsets = new Milestones();
    const connections = new Milestones();
    await page.exposeFunction("onReach", (offset: number) => offsets.note(offset));
    await page.exposeFunction("onOpen", (count: number) => connections.note(count));
    let published = 0;
    const publish = async (count: number) => {
      for (let left = count; left > 0; left -= RING) {
        const messages = Array.from({ length: Math.min(left, RING) }, () => ({ payload: ++published }));
        expect((await server.post("/topics/live/messages", { messages }, WITH_KEY)).status).toBe(200);
      }
    };
    const grant = { client_id: "page", subscribe: ["live"] };
    const answer = await server.post("/tokens", grant, WITH_KEY);
    const { token } = z.object({ token: z.string() }).parse(await answer.json());
    await page.goto(`http://127.0.0.1:${proxy.port}/swagger/`);
    await page.evaluate(FOLLOW(token));
    await connections.reached(1, "connection");
    for (let cuts = 1; cuts <= CUTS; cuts++) {
      const count = Math.floor((MESSAGES - published) / (CUTS - cuts + 1));
      const before = Math.max(1, Math.floor(count * random() * 0.5));
      const kind = KINDS[Math.floor(random() * KINDS.length)] ?? "close";
      // Some of them while it is under way.
      await Promise.all([proxy.cut(kind), publish(before)]);
      // What comes while nobody is connected: once in a while more than the ring holds.
      const missed = cuts % 10 === 0 ? Math.max(RING + 50, count - before) : count - before;
      await publish(Math.min(missed, MESSAGES - published));
      await connections.reached(cuts + 1, "connection");
      await offsets.reached(published, "offset");
    }
    await publish(MESSAGES - published);
    await offsets.reached(MESSAGES, "offset");
    const seen: Seen[] = z
      .array(z.union([z.number(), z.tuple([z.number(), z.number()])]))
      .parse(await page.evaluate("window.seen"));
    let next = 1;
    let gaps = 0;
    for (const each of seen) {
      const [from, to] = typeof each === "number" ? [each, each] : each;
      if (typeof each !== "number") gaps++;
      expect(from).toBe(next);
      next = to + 1;
    }
    expect(next).toBe(MESSAGES + 1);
    expect(gaps).toBeGreaterThan(0);
  },
  240_000,
);
