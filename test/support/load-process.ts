import { WebSocket as PackagedWebSocket } from "ws";
import { connect } from "../../src/client/index.ts";

// A process that keeps a server busy: many topics, subscribers, and a steady rate of publishes. It says "ready" when
// all is there, and ends with its standard input, or after a few minutes.

const MAX_LIFE_MS = 300_000;
const TICK_MS = 20;
/** Topics begun in one request after the other, so many at a time. */
const AT_ONCE = 50;

// Node.js 20 has none of its own.
if (typeof WebSocket === "undefined") Object.assign(globalThis, { WebSocket: PackagedWebSocket });

const [url = "", topicsText, clientsText, perSecText] = process.argv.slice(2);
const topicCount = Number(topicsText);
const clientCount = Number(clientsText);
const perTick = (Number(perSecText) * TICK_MS) / 1000;

function nameOf(n: number): string {
  return `load/${String(n % topicCount).padStart(5, "0")}`;
}

function payloadOf(n: number): object {
  return { order: n, state: "shipped", items: [{ sku: `A-${n % 97}`, quantity: (n % 9) + 1 }], total: n / 100 };
}

setTimeout(() => process.exit(), MAX_LIFE_MS);
process.stdin.on("end", () => process.exit()).resume();

const clients = Array.from({ length: clientCount }, (_, i) => connect(url, { clientId: `client-${i}` }));
await Promise.all(clients.map((client, i) => client.subscribe(nameOf(i), {}, () => {}).ready));
const publisher = connect(url, { clientId: "load" });
for (let n = 0; n < topicCount; n += AT_ONCE) {
  const names = Array.from({ length: Math.min(AT_ONCE, topicCount - n) }, (_, i) => n + i);
  await Promise.all(names.map((i) => publisher.publish(nameOf(i), payloadOf(i))));
}
process.stdout.write("ready\n");

let published = 0;
const startedMs = performance.now();
setInterval(() => {
  // By the clock, not by the tick: a late tick makes up for what it missed.
  const due = ((performance.now() - startedMs) / TICK_MS) * perTick;
  // Mostly to those that somebody listens to, so that there are deliveries, and to all others in turn.
  for (; published < due; published++) {
    const n = published % 4 === 0 ? published / 4 : published % clientCount;
    // During an outage they wait, and what finds no room is refused; it is only load.
    publisher.publish(nameOf(n), payloadOf(n)).catch(() => {});
  }
}, TICK_MS);
