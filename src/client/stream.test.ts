import { describe, expect, test } from "vitest";
import { settled } from "../../test/support/fake-platform.ts";
import { subscribedClient } from "../../test/support/subscribed-client.ts";

describe("a sequence", () => {
  test("of a loop that does not ask waits for it with everything, gaps included", async () => {
    const { client, got, platform } = subscribedClient();
    const stream = client.subscribe("slow", { maxBuffered: 1 });
    const receive = (offset: number) =>
      platform.socket.receive({ type: "event", topic: "slow", message: { id: "m", payload: 1 }, offset, ts: "" });
    const ask = (epoch: string) => {
      const request = platform.socket.takeSent().find(({ topic }) => topic === "slow");
      const ack = {
        type: "ack",
        request_id: request?.["request_id"],
        status: "ok",
        offset: 0,
        recovered: false,
        ts: "",
      };
      platform.socket.receive({ ...ack, epoch });
      return request;
    };
    ask("e1");
    receive(1);
    for (const epoch of ["e2", "e3", "e4"]) {
      platform.socket.end();
      platform.advance(0);
      platform.socket.open();
      expect(ask(epoch)).toMatchObject({ since: { epoch: "e1", offset: 1 } });
      receive(1);
    }
    const loop = stream[Symbol.asyncIterator]();
    expect((await loop.next()).value).toMatchObject({ epoch: "e1", offset: 1 });
    const next = loop.next();
    await settled();
    expect(ask("e4")).toMatchObject({ since: { epoch: "e1", offset: 1 } });
    // The gap takes the only place, so this has to be fetched once more.
    receive(1);
    await settled();
    expect(ask("e4")).toMatchObject({ since: { epoch: "e4", offset: 0 } });
    receive(1);
    expect((await next).value).toMatchObject({ epoch: "e4", offset: 1 });
    expect(got).toEqual(["recreated 2-null"]);
  });

  test("of a loop ends with its topic, after all that came before", async () => {
    const { client, platform } = subscribedClient();
    const loop = client.subscribe("slow")[Symbol.asyncIterator]();
    const request = platform.socket.takeSent().at(-1);
    platform.socket.receive({ type: "ack", request_id: request?.["request_id"], epoch: "e", offset: 0, ts: "" });
    const next = loop.next();
    await settled();
    platform.socket.receive({ type: "event", topic: "slow", message: { id: "m", payload: 1 }, offset: 1, ts: "" });
    platform.socket.receive({ type: "info", topic: "slow", info: { code: "TOPIC_DELETED", message: "" }, ts: "" });
    expect(await next).toMatchObject({ done: false, value: { offset: 1 } });
    expect(await loop.next()).toEqual({ done: true, value: undefined });
  });

  test("of a loop that is ended while something was left to the server asks for nothing more", async () => {
    const { answer, client, event, platform, subscription } = subscribedClient();
    subscription.unsubscribe();
    const stream = client.subscribe("t", { maxBuffered: 1 });
    answer({ epoch: "e", offset: 0 });
    event(1, "x");
    event(2, "y");
    for await (const _ of stream) stream.unsubscribe();
    expect(platform.socket.takeSent()).toMatchObject([{ type: "unsubscribe" }]);
  });

  test("of a loop that is behind when its topic is deleted ends with a gap", async () => {
    const { answer, client, event, got, platform, subscription } = subscribedClient();
    subscription.unsubscribe();
    const stream = client.subscribe("t", { maxBuffered: 2 });
    answer({ epoch: "e", offset: 0 });
    for (const offset of [1, 2, 3, 4]) event(offset, offset);
    platform.socket.receive({ type: "info", topic: "t", info: { code: "TOPIC_DELETED", message: "" }, ts: "" });
    for await (const { offset } of stream) got.push(offset);
    expect(got).toEqual([1, 2, "expired 3-null"]);
  });

  test("of a loop ends where the loop is left, also before its first event and while it waits for one", async () => {
    const { client, platform } = subscribedClient();
    const early = client.subscribe("early");
    await early[Symbol.asyncIterator]().return?.();
    await early.ended;
    const late = client.subscribe("late");
    const loop = late[Symbol.asyncIterator]();
    const next = loop.next();
    await settled();
    expect(await loop.return?.()).toEqual({ done: true, value: undefined });
    expect(await next).toEqual({ done: true, value: undefined });
    await late.ended;
    expect(platform.socket.takeSent().filter(({ type }) => type === "unsubscribe")).toHaveLength(2);
  });

  test("of several loops gives each event to one of them, and ends them all", async () => {
    const { answer, client, event, subscription } = subscribedClient();
    subscription.unsubscribe();
    const stream = client.subscribe("t");
    answer({ epoch: "e", offset: 0 });
    const follow = async () => {
      const offsets: number[] = [];
      for await (const { offset } of stream) offsets.push(offset);
      return offsets;
    };
    const loops = Promise.all([follow(), follow()]);
    for (const offset of [1, 2, 3, 4]) {
      event(offset, offset);
      await settled();
    }
    stream.unsubscribe();
    expect((await loops).flat().sort()).toEqual([1, 2, 3, 4]);
  });
});
