import { describe, expect, test } from "vitest";
import { answerOf, outcomeOf, sentOf, Unanswered } from "./answers.ts";

function answer(text: string) {
  const read = answerOf(text);
  if (read === undefined) throw new Error("it is an answer");
  return read;
}

describe("an answer", () => {
  test("is nothing that an event is, nor anything unknown", () => {
    expect(answerOf('{"type":"event","topic":"a"}')).toBeUndefined();
    expect(answerOf('{"type":"new"}')).toBeUndefined();
    expect(answerOf("no JSON")).toBeUndefined();
  });

  test("is found by its request's id, else by the order", () => {
    const unanswered = new Unanswered();
    for (const text of ['{"type":"ping"}', '{"type":"publish","topic":"a","request_id":"1"}', "no JSON"]) {
      unanswered.add(sentOf(text, 0));
    }
    expect(unanswered.take(answer('{"type":"ack","request_id":"1","topic":"a"}'))?.type).toBe("publish");
    expect(unanswered.take(answer('{"type":"info","info":{"code":"SERVER_SHUTDOWN"}}'))).toBeUndefined();
    expect(unanswered.take(answer('{"type":"pong"}'))?.type).toBe("ping");
    expect(unanswered.take(answer('{"type":"error","error":{"code":"BAD_REQUEST","message":"x"}}'))?.type).toBe("");
    expect(unanswered.take(answer('{"type":"pong"}'))).toBeUndefined();
  });
});

describe("what is said of it", () => {
  test.each([
    ["publish", '{"type":"ack","topic":"a","offset":7}', 'Published to "a" at offset 7, in 3 ms'],
    ["publish", '{"type":"ack","topic":"a","offset":7,"duplicate":true}', "nothing was published"],
    ["subscribe", '{"type":"ack","topic":"a","offset":7,"epoch":"e"}', "newest offset is 7"],
    ["subscribe", '{"type":"ack","topic":"a","offset":7,"recovered":false}', "may be missing"],
    ["unsubscribe", '{"type":"ack","topic":"a"}', 'Unsubscribed from "a"'],
    ["ping", '{"type":"pong"}', "Pong in 3 ms"],
    ["publish", '{"type":"error","error":{"code":"FORBIDDEN","message":"no"}}', "FORBIDDEN: no"],
  ])("to a %s that is answered with %s", (type, text, words) => {
    const sent = { type, topic: "a", requestId: undefined, atMs: 10 };
    const read = answer(text);
    const { isGood, text: said } = outcomeOf(sent, read, 13.2);
    expect(said).toContain(words);
    expect(isGood).toBe(read.type !== "error");
  });
});
