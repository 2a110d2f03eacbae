import { once } from "node:events";
import { expect, test } from "vitest";
import { WebSocket } from "ws";
import { Changes, randomFrom } from "./client-suite/context.ts";
import { SEED } from "./support/seed.ts";
import { ServerProcess } from "./support/server-process.ts";
import { StreamClient } from "./support/stream-client.ts";

const TOPICS = 8;
const MESSAGES = 400;
/** So small that almost every message is evicted at once, and its memory used again. */
const FLAGS = [
  "-max-history-bytes=1500000",
  "-max-queue-size=1000",
  "-max-queue-bytes=1000000000",
  "-max-message-size=2000000",
];

/** A payload that shows by itself whether it is whole: its number, and one letter again and again. */
function payloadOf(n: number, length: number): string {
  return `${n}:${String.fromCharCode(97 + (n % 26)).repeat(length)}`;
}

function isWhole(payload: string): boolean {
  const [n = "", text = ""] = payload.split(":");
  return text === String.fromCharCode(97 + (Number(n) % 26)).repeat(text.length);
}

/** A subscriber to all topics, which checks every payload. */
async function subscriber(url: string, changes: Changes, perMessageDeflate: boolean) {
  const socket = new WebSocket(`${url.replace("http", "ws")}/ws`, { perMessageDeflate });
  await once(socket, "open");
  const state = { socket, received: 0, dropped: 0, broken: 0, acks: 0 };
  socket.on("message", (data) => {
    const { info, message, type } = JSON.parse(String(data));
    if (type === "ack") state.acks++;
    if (type === "info") state.dropped += info.dropped ?? 0;
    if (type === "event") state.received++;
    if (type === "event" && !isWhole(message.payload)) state.broken++;
    changes.note();
  });
  for (let i = 0; i < TOPICS; i++) socket.send(`{"type":"subscribe","topic":"t${i}","client_id":"c"}`);
  await changes.until(() => state.acks === TOPICS, "all acks");
  return state;
}

test(`memory that is used again changes nothing that a slow client is still to be sent (seed ${SEED})`, async () => {
  const random = randomFrom(SEED);
  await using server = await ServerProcess.start([...FLAGS, "-enable-compression"]);
  const changes = new Changes();
  const fast = await subscriber(server.url, changes, false);
  const slow = await subscriber(server.url, changes, false);
  const compressed = await subscriber(server.url, changes, true);
  const publisher = await subscriber(server.url, changes, false);
  using stream = await StreamClient.connect(server.port, "/topics/t0/events");
  const all = [fast, slow, compressed, publisher];
  let ofStream = 0;
  for (let n = 1; n <= MESSAGES; n++) {
    // It reads nothing for some messages, then all at once; so does another in between.
    if (n % 20 === 5) slow.socket.pause();
    if (n % 20 === 15) slow.socket.resume();
    if (n % 50 === 10) compressed.socket.pause();
    if (n % 50 === 30) compressed.socket.resume();
    const topic = Math.floor(random() * TOPICS);
    if (topic === 0) ofStream++;
    const payload = payloadOf(n, 1 + Math.floor(random() ** 2 * 700_000));
    publisher.socket.send(JSON.stringify({ type: "publish", topic: `t${topic}`, message: { id: "m", payload } }));
    if (n % 5 === 0) await changes.until(() => publisher.received >= n - 5, "the publisher's own messages");
  }
  slow.socket.resume();
  compressed.socket.resume();
  const isDone = () => all.every(({ dropped, received }) => received + dropped >= MESSAGES);
  await changes.until(isDone, "all messages", 60_000);
  expect(all.map(({ broken, dropped, received }) => [broken, received + dropped])).toEqual(
    all.map(() => [0, MESSAGES]),
  );
  // The first one is the ack.
  await stream.nextText();
  for (let i = 0; i < ofStream; i++) {
    const { message } = JSON.parse(await stream.nextText());
    expect(isWhole(message.payload)).toBe(true);
  }
  expect(Number((await server.stats())["evicted_messages"])).toBeGreaterThan(MESSAGES / 2);
  for (const { socket } of all) socket.terminate();
}, 120_000);
