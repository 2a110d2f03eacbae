import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { TestClient } from "./support/client.ts";
import { ServerProcess } from "./support/server-process.ts";
import { StreamClient } from "./support/stream-client.ts";

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

// A payload is the publisher's text. Here each goes in by every way there is, comes out by every way there is, and is
// compared as text: whoever parsed and encoded it anywhere between would change most of these.

/** The deepest that fits in every way: a list's payload lies within three levels of its own, of 1,000 in all. */
const DEEPEST = 997;

const PAYLOADS: readonly string[] = [
  "9223372036854775807",
  "-9223372036854775808",
  "18446744073709551615",
  '[9223372036854775807,{"n":-9223372036854775808}]',
  "0.1000000000000000055511151231257827",
  "1e400",
  "-1E-400",
  "1.0",
  "-0",
  `${"[".repeat(DEEPEST)}${"]".repeat(DEEPEST)}`,
  `${'{"a":'.repeat(DEEPEST - 1)}{}${"}".repeat(DEEPEST - 1)}`,
  '{"z":1,"a":2,"10":3,"9":4,"__proto__":5}',
  '{"a":1,"b":2,"a":3}',
  '{"payload":1,"id":"x","message":{"id":"y","payload":2},"offset":3,"ts":"4","messages":[]}',
  '"\\u0041\\u00e9\\/\\b\\f\\n\\r\\t\\"\\\\"',
  '"\\ud800"',
  '"\\uDC00\\uD83D\\uDE00\\u0000"',
  '"😀 𐍈 é e\u0301 \u2028\u2029 \u200f \ufeff \uffff"',
  '"},\\"offset\\":1,\\"ts\\":\\"2025-01-15T10:00:00.123Z\\"}"',
  '""',
  "[]",
  "{}",
  "null",
  "false",
  '{ "a" :\t[ 1 , 2 ] ,\n\n  "b":\n{ }\n}',
];

const WITH_RETURNS = '{\r"a":\r\n[1,\r\r\n\n2], "b": "\\r"}';

let server: ServerProcess;
beforeAll(async () => {
  server = await ServerProcess.start();
});
afterAll(() => server[Symbol.asyncDispose]());

/** Publishes each of the payloads, in this order. */
type WayIn = (topic: string, payloads: readonly string[]) => Promise<void>;

async function post(topic: string, body: string): Promise<void> {
  expect((await server.post(`/topics/${topic}/messages`, body)).status).toBe(200);
}

// White space around a payload is none of it.
const message = (payload: string) => `{"id":"m", "payload" :\n ${payload} }`;

const WAYS_IN: Record<string, WayIn> = {
  "a WebSocket": async (topic, payloads) => {
    using publisher = await TestClient.connect(server.port);
    for (const payload of payloads) {
      publisher.send(`{"type":"publish","topic":"${topic}","message":${message(payload)}}`);
      await publisher.expect("ack");
    }
  },
  "HTTP, one by one": async (topic, payloads) => {
    for (const payload of payloads) await post(topic, message(payload));
  },
  "HTTP, as a list": (topic, payloads) => post(topic, `{"messages":[${payloads.map(message).join()}]}`),
};

/** Has payloads published, and returns what came of it: as many texts, in which they stand. */
type WayOut = (topic: string, publish: () => Promise<void>, count: number) => Promise<string[]>;

/** A part of a request for a topic, which may have to ask for the topic's epoch. */
type RequestPart = (topic: string) => Promise<string> | string;

async function epochOf(topic: string): Promise<string> {
  return z.object({ epoch: z.string() }).parse(await (await server.fetch(`/topics/${topic}`)).json()).epoch;
}

const fromTheStart: RequestPart = async (topic) => `${await epochOf(topic)}.0`;

async function nextEvents(client: TestClient | StreamClient, count: number): Promise<string[]> {
  const texts: string[] = [];
  while (texts.length < count) texts.push(await client.nextText());
  return texts;
}

/** The first text is the ack. */
async function eventsAfterAck(client: TestClient | StreamClient, count: number): Promise<string[]> {
  expect(await client.nextText()).toMatch(/^\{"type":"ack"/);
  return nextEvents(client, count);
}

/** By a WebSocket that subscribes after the publication, with more in its request. */
function replayed(more: RequestPart): WayOut {
  return async (topic, publish, count) => {
    await publish();
    using client = await TestClient.connect(server.port);
    client.send(`{"type":"subscribe","topic":"${topic}","client_id":"c",${await more(topic)}}`);
    return await eventsAfterAck(client, count);
  };
}

/** By an event stream that is opened after the publication. */
function streamed(query: RequestPart, lastEventId?: RequestPart): WayOut {
  return async (topic, publish, count) => {
    await publish();
    const headers = lastEventId === undefined ? {} : { "Last-Event-ID": await lastEventId(topic) };
    using stream = await StreamClient.connect(server.port, `/topics/${topic}/events${await query(topic)}`, { headers });
    return await eventsAfterAck(stream, count);
  };
}

/** By the history, whose entries are written as the events that they were. */
function shown(query: RequestPart): WayOut {
  return async (topic, publish) => {
    await publish();
    const text = await (await server.fetch(`/topics/${topic}/messages${await query(topic)}`)).text();
    const entries = text.slice(text.indexOf("[") + 1, -"]}".length).split(/,(?=\{"offset":\d+,"id":"m")/);
    return entries.map((entry) => {
      const [, offset, message, ts] = /^\{"offset":(\d+),(.*),"ts":("[^"]*")\}$/s.exec(entry) ?? [];
      return `{"type":"event","topic":"${topic}","message":{${message}},"offset":${offset},"ts":${ts}}`;
    });
  };
}

const STREAMS: Record<string, WayOut> = {
  "an event stream, live": async (topic, publish, count) => {
    using stream = await StreamClient.connect(server.port, `/topics/${topic}/events`);
    await publish();
    return await eventsAfterAck(stream, count);
  },
  "an event stream for several topics": async (topic, publish, count) => {
    using stream = await StreamClient.connect(server.port, `/events?topic=${topic}`);
    await publish();
    return await eventsAfterAck(stream, count);
  },
  "an event stream with last_n": streamed(() => "?last_n=100"),
  "an event stream with Last-Event-ID": streamed(() => "", fromTheStart),
  "an event stream with last_event_id": streamed(async (topic) => `?last_event_id=${await fromTheStart(topic)}`),
};

const OTHERS: Record<string, WayOut> = {
  "a WebSocket, live": async (topic, publish, count) => {
    using client = await TestClient.connect(server.port);
    await client.subscribe(topic);
    await publish();
    return await nextEvents(client, count);
  },
  "a WebSocket with last_n": replayed(() => '"last_n":100'),
  "a WebSocket with since": replayed(async (topic) => `"since":{"epoch":"${await epochOf(topic)}","offset":0}`),
  "the history": shown(() => ""),
  "the history with last_n": shown(() => "?last_n=100"),
  "the history from a position": shown(async (topic) => `?epoch=${await epochOf(topic)}&offset=0`),
};

const TS = "2025-01-15T10:00:00.123Z";

/** What comes out for these payloads, each in a text of its own, without the time. */
async function passed(wayIn: string, wayOut: WayOut, payloads: readonly string[]): Promise<string[]> {
  const topic = crypto.randomUUID();
  const texts = await wayOut(topic, async () => WAYS_IN[wayIn]?.(topic, payloads), payloads.length);
  const before = `{"type":"event","topic":"${topic}","message":{"id":"m","payload":`;
  return texts.map((text, i) => {
    const after = `},"offset":${i + 1},"ts":"`;
    expect(text.slice(0, before.length)).toBe(before);
    expect(text.slice(0, -`${TS}"}`.length).slice(-after.length)).toBe(after);
    return text.slice(before.length, -`${after}${TS}"}`.length);
  });
}

describe.each(Object.keys(WAYS_IN))("a payload that came by %s", (wayIn) => {
  test.each(Object.entries({ ...OTHERS, ...STREAMS }))("goes out by %s byte for byte", async (_, wayOut) => {
    expect(await passed(wayIn, wayOut, PAYLOADS)).toEqual([...PAYLOADS]);
  });

  // The one exception: server-sent events have a single way to carry the end of a line.
  test.each(Object.entries(STREAMS))("goes out by %s with line feeds for carriage returns", async (_, wayOut) => {
    expect(await passed(wayIn, wayOut, [WITH_RETURNS])).toEqual(['{\n"a":\n[1,\n\n\n2], "b": "\\r"}']);
  });

  test.each(Object.entries(OTHERS))("goes out by %s with its carriage returns", async (_, wayOut) => {
    expect(await passed(wayIn, wayOut, [WITH_RETURNS])).toEqual([WITH_RETURNS]);
  });
});
