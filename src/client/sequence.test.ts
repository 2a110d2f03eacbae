import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { subscribedClient } from "../../test/support/subscribed-client.ts";
import { type Answer, Sequence, type Sink, type Wire } from "./sequence.ts";

describe("a sequence", () => {
  test("begins with its ack: what came before is not its own", () => {
    const { answer, events, got } = subscribedClient(2);
    events(1, 2);
    expect(answer({ epoch: "e", offset: 5 })).toMatchObject({ type: "subscribe", topic: "t", last_n: 2 });
    events(4, 5, 6);
    expect(got).toEqual([4, 5, 6]);
  });

  test("ignores events of an earlier subscription that arrive after the application subscribed again", () => {
    const { answer, client, event, events, got, subscription } = subscribedClient();
    answer({ epoch: "old", offset: 0 });
    events(1);
    subscription.unsubscribe();
    const again: string[] = [];
    client.subscribe("t", {}, ({ epoch, offset, payload }) => again.push(`${epoch} ${offset} ${payload}`));
    event(2, "stale");
    event(3, "stale");
    answer({ epoch: "new", offset: 1 });
    event(2, "fresh");
    event(3, "fresh");
    expect([got, again]).toEqual([[1], ["new 2 fresh", "new 3 fresh"]]);
  });

  test("ignores events on a new connection until the server has acknowledged its subscribe there", () => {
    const { answer, client, event, platform } = subscribedClient();
    answer({ epoch: "old", offset: 0 });
    const first: string[] = [];
    const second: string[] = [];
    client.subscribe("t", {}, ({ epoch, offset, payload }) => first.push(`${epoch} ${offset} ${payload}`));
    answer({ epoch: "old", offset: 1 });
    platform.socket.end();
    platform.advance(0);
    platform.socket.open();
    client.subscribe("t", {}, ({ epoch, offset, payload }) => second.push(`${epoch} ${offset} ${payload}`));
    event(2, "stale");
    const requests = platform.socket.takeSent().filter(({ type }) => type === "subscribe");
    for (const { request_id } of requests) {
      platform.socket.receive({ type: "ack", request_id, topic: "t", status: "ok", ts: "", epoch: "old", offset: 1 });
    }
    event(2, "fresh");
    expect([requests.length, first, second]).toEqual([3, ["old 2 fresh"], ["old 2 fresh"]]);
  });

  test("needs no options", () => {
    const { answer, client, events, got, subscription } = subscribedClient();
    answer({ epoch: "e", offset: 0 });
    subscription.unsubscribe();
    client.subscribe("t", ({ offset }) => got.push(offset));
    expect(answer({ epoch: "e", offset: 4 })).toMatchObject({ type: "subscribe", topic: "t", last_n: 0 });
    events(5);
    expect(got).toEqual([5]);
  });

  test("passes over what it has had", () => {
    const { answer, events, got } = subscribedClient();
    answer({ epoch: "e", offset: 0 });
    events(1, 2, 1, 2, 3);
    expect(got).toEqual([1, 2, 3]);
  });

  test("goes on after a lost connection, from where it was", () => {
    const { answer, events, got, platform } = subscribedClient();
    answer({ epoch: "e", offset: 0 });
    events(1, 2);
    platform.socket.end();
    platform.advance(0);
    platform.socket.open();
    expect(answer({ epoch: "e", offset: 3, recovered: true })).toMatchObject({ since: { epoch: "e", offset: 2 } });
    events(3, 4);
    expect(got).toEqual([1, 2, 3, 4]);
  });

  test("asks for its last messages again if the connection broke before they came", () => {
    const { answer, events, got, platform } = subscribedClient(3);
    answer({ epoch: "e", offset: 10 });
    events(8);
    platform.socket.end();
    platform.advance(0);
    platform.socket.open();
    expect(answer({ epoch: "e", offset: 11, recovered: true })).toMatchObject({ since: { epoch: "e", offset: 8 } });
    events(9, 10, 11);
    expect(got).toEqual([8, 9, 10, 11]);
  });

  test("at a hole waits until the server has room, then fetches what is missing, and keeps what came meanwhile", () => {
    const { answer, events, got, platform } = subscribedClient();
    answer({ epoch: "e", offset: 0 });
    events(1, 5);
    expect(platform.socket.takeSent()).toMatchObject([{ type: "ping", request_id: "2" }]);
    events(6);
    platform.socket.receive({ type: "pong", request_id: "2", ts: "" });
    expect(answer({ epoch: "e", offset: 7, recovered: false })).toMatchObject({ since: { epoch: "e", offset: 1 } });
    // The topic has forgotten even 5 by now, but it had come.
    events(6, 7, 8);
    expect(got).toEqual([1, "expired 2-4", 5, 6, 7, 8]);
  });

  test("fetches what it is told was dropped, though nothing follows", () => {
    const { answer, dropped, events, got, platform } = subscribedClient();
    answer({ epoch: "e", offset: 0 });
    events(1);
    dropped(2, 2, 3);
    platform.socket.receive({ type: "pong", request_id: "2", ts: "" });
    answer({ epoch: "e", offset: 3, recovered: true });
    events(2, 3);
    // Old news.
    dropped(2, 2, 3);
    expect([got, platform.socket.sent]).toEqual([[1, 2, 3], []]);
  });

  test("fetches once: what is dropped again is a gap", () => {
    const { answer, dropped, events, got, platform } = subscribedClient();
    answer({ epoch: "e", offset: 0 });
    events(1);
    dropped(3, 2, 4);
    platform.socket.receive({ type: "pong", request_id: "2", ts: "" });
    answer({ epoch: "e", offset: 9, recovered: true });
    // Of these only some were lost, as the next event shows.
    dropped(2, 5, 9);
    dropped(2, 2, 5);
    expect(got).toEqual([1]);
    dropped(2, 2, 3);
    events(4);
    expect(got).toEqual([1, "dropped 2-3", 4]);
    // Another loss is fetched anew.
    events(6);
    expect(platform.socket.takeSent()).toMatchObject([{ type: "ping" }]);
  });

  test("gives up no more than it has asked for", () => {
    const { answer, events, got, platform } = subscribedClient();
    answer({ epoch: "e", offset: 3 });
    // The first that are live are missing: no replay was to bring them.
    events(6);
    platform.socket.receive({ type: "pong", request_id: "2", ts: "" });
    expect(answer({ epoch: "e", offset: 6, recovered: false })).toMatchObject({ since: { epoch: "e", offset: 3 } });
    events(9);
    expect(got).toEqual(["expired 4-5", 6]);
    expect(platform.socket.takeSent()).toMatchObject([{ type: "ping" }]);
  });

  test("keeps a bounded number of events while it fetches those before them", () => {
    const { answer, events, got, platform } = subscribedClient();
    answer({ epoch: "e", offset: 0 });
    events(1, ...Array.from({ length: 500 }, (_, i) => i + 3));
    platform.socket.receive({ type: "pong", request_id: "2", ts: "" });
    answer({ epoch: "e", offset: 999, recovered: false });
    events(1000);
    const kept = Array.from({ length: 256 }, (_, i) => i + 3);
    expect(got).toEqual([1, "expired 2-2", ...kept]);
    // The rest it has to fetch, too.
    const [{ request_id } = {}] = platform.socket.takeSent();
    platform.socket.receive({ type: "pong", request_id, ts: "" });
    expect(answer({ epoch: "e", offset: 1000, recovered: true })).toMatchObject({ since: { epoch: "e", offset: 258 } });
  });

  test("tells that the topic began anew, and what it no longer held of the new incarnation", () => {
    const { answer, events, got, platform } = subscribedClient();
    answer({ epoch: "e1", offset: 0 });
    events(1, 2);
    platform.socket.end();
    platform.advance(0);
    platform.socket.open();
    answer({ epoch: "e2", offset: 9, recovered: false });
    events(8, 9);
    expect(got).toEqual([1, 2, "recreated 3-null", "expired 1-7", 8, 9]);
  });

  test("takes nothing of another incarnation for its own, though it comes before its ack", () => {
    const { answer, client, events, got, platform } = subscribedClient();
    answer({ epoch: "e1", offset: 0 });
    const others: unknown[] = [];
    client.subscribe("t", {}, ({ epoch, offset }) => others.push(`${epoch} ${offset}`));
    answer({ epoch: "e1", offset: 0 });
    events(1, 2);
    platform.socket.end();
    platform.advance(0);
    platform.socket.open();
    const requests = platform.socket.takeSent();
    const ack = { type: "ack", status: "ok", epoch: "e2", offset: 4, recovered: false, ts: "" };
    // Each gets a replay of its own.
    for (const { request_id } of requests) {
      platform.socket.receive({ ...ack, request_id });
      events(1, 2, 3, 4);
    }
    expect(got).toEqual([1, 2, "recreated 3-null", 1, 2, 3, 4, "recreated 3-null"]);
    expect(others).toEqual(["e1 1", "e1 2", "e2 1", "e2 2", "e2 3", "e2 4"]);
  });

  test("reports a message that its schema refuses, and continues", () => {
    const { answer, client, platform } = subscribedClient();
    const got: unknown[] = [];
    client.on("gap", (gap) => got.push(gap));
    client.subscribe("checked", {}, ({ payload }) => got.push(payload));
    answer({ epoch: "e", offset: 0 });
    for (const [i, payload] of [1, "two", 3].entries()) {
      platform.socket.receive({
        type: "event",
        topic: "checked",
        message: { id: "m", payload },
        offset: i + 1,
        ts: "",
      });
    }
    const error = expect.objectContaining({ code: "INVALID_PAYLOAD", message: "must be a number" });
    expect(got).toEqual(["n1", { topic: "checked", epoch: "e", from: 2, to: 2, reason: "invalid", error }, "n3"]);
  });

  test("holds a bounded number of events, though a server answers each request for those before them by a later one", async () => {
    const requests: { readonly type: string; readonly answered: (answer: Answer) => void }[] = [];
    const got: unknown[] = [];
    const wire: Wire = {
      request: ({ type }, answered) => requests.push({ type, answered }),
      forget: () => {},
      maxLastN: () => undefined,
      warn: () => {},
    };
    const sink: Sink<unknown> = { isFull: () => false, event: ({ offset }) => got.push(offset), gap: () => {} };
    const sequence = new Sequence("t", {}, undefined, wire, sink);
    const answerAll = () => {
      for (let next = requests.shift(); next !== undefined; next = requests.shift()) {
        if (next.type === "ping") next.answered({ type: "pong", server: "s", ts: "" });
        else next.answered({ type: "ack", status: "ok", topic: "t", epoch: "e", offset: 0, ts: "" });
      }
    };
    sequence.ask();
    answerAll();
    const refs: WeakRef<object>[] = [];
    for (let offset = 1_000_000; offset > 998_000; offset--) {
      const event = { message: { id: "m", payload: 1 }, offset, ts: "", text: "" };
      refs.push(new WeakRef(event));
      sequence.received(event);
      answerAll();
    }
    await sleep(0);
    globalThis.gc?.();
    expect(refs.filter((ref) => ref.deref() !== undefined).length).toBeLessThan(300);
    sequence.received({ message: { id: "m", payload: 1 }, offset: 1, ts: "", text: "" });
    expect(got).toEqual([1]);
  });

  test("that asks for more last messages than the topic still holds begins with the first that it holds, without a gap", () => {
    const { answer, dropped, events, got } = subscribedClient(10);
    answer({ epoch: "e", offset: 20 });
    events(19, 20, 21);
    expect(got).toEqual([19, 20, 21]);
    dropped(2, 22, 23);
    expect(answer({ epoch: "e", offset: 23 })).toMatchObject({ type: "ping" });
  });

  test("that asks for last messages of a topic that holds none begins with the next one", () => {
    const { answer, events, got } = subscribedClient(3);
    answer({ epoch: "e", offset: 5 });
    events(6);
    expect(got).toEqual([6]);
  });

  test("reports what the server dropped of its last messages", () => {
    const { answer, dropped, events, got } = subscribedClient(10);
    answer({ epoch: "e", offset: 20 });
    dropped(2, 15, 16);
    events(17, 18);
    expect(got).toEqual(["dropped 15-16", 17, 18]);
  });

  test("whose position the topic has not reached starts with its first message, as after a new incarnation", () => {
    const { client, events, got, platform, subscription } = subscribedClient();
    subscription.unsubscribe();
    client.subscribe("t", { since: { epoch: "e", offset: 99 } }, ({ offset }) => got.push(offset));
    const request = platform.socket.takeSent().at(-1);
    const ack = { type: "ack", status: "ok", topic: "t", epoch: "e", offset: 2, recovered: false, ts: "" };
    platform.socket.receive({ ...ack, request_id: request?.["request_id"] });
    events(1, 2, 3);
    expect(got).toEqual(["recreated 100-null", 1, 2, 3]);
  });
});
