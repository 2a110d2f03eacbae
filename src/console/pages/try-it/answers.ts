// Which answer belongs to which request: each request gets exactly one.

/** A request that has been sent, as far as its answer needs it. */
export interface Sent {
  readonly type: string;
  readonly topic: string;
  readonly requestId: string | undefined;
  readonly atMs: number;
}

/** An answer of the server, or a notice; events are none. */
export interface Answer {
  readonly type: "ack" | "pong" | "error" | "info";
  readonly topic: string;
  readonly requestId: string | undefined;
  readonly offset: number | undefined;
  readonly epoch: string | undefined;
  readonly recovered: boolean | undefined;
  readonly isDuplicate: boolean;
  /** The code of an error or a notice, and its words. */
  readonly code: string;
  readonly message: string;
}

/** More unanswered requests than this are nobody's who waits for an answer. */
const MAX_UNANSWERED = 1000;

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    return record(JSON.parse(text));
  } catch {
    return {};
  }
}

function stringOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** What a frame asks for, whatever is in it. */
export function sentOf(text: string, atMs: number): Sent {
  const { request_id: requestId, topic, type } = parsed(text);
  return { type: stringOf(type) ?? "", topic: stringOf(topic) ?? "", requestId: stringOf(requestId), atMs };
}

/** What a frame of the server answers; undefined for an event, which is not even read: there may be thousands. */
export function answerOf(text: string): Answer | undefined {
  if (text.startsWith('{"type":"event"')) return undefined;
  const { epoch, error, info, offset, recovered, request_id: requestId, topic, type, duplicate } = parsed(text);
  if (type !== "ack" && type !== "pong" && type !== "error" && type !== "info") return undefined;
  const { code, message } = record(error ?? info);
  return {
    type,
    topic: stringOf(topic) ?? "",
    requestId: stringOf(requestId),
    offset: typeof offset === "number" ? offset : undefined,
    epoch: stringOf(epoch),
    recovered: typeof recovered === "boolean" ? recovered : undefined,
    isDuplicate: duplicate === true,
    code: stringOf(code) ?? "",
    message: stringOf(message) ?? "",
  };
}

/** Requests that have no answer yet. */
export class Unanswered {
  #sent: readonly Sent[] = [];

  add(sent: Sent): void {
    this.#sent = [...this.#sent, sent].slice(-MAX_UNANSWERED);
  }

  /** The request that an answer is for, if it is for one: the first that has its id, or has none as it has none. */
  take({ requestId, type }: Answer): Sent | undefined {
    if (type === "info") return undefined;
    const sent = this.#sent.find((one) => one.requestId === requestId);
    this.#sent = this.#sent.filter((one) => one !== sent);
    return sent;
  }
}

/** What became of a request. */
export interface Outcome {
  readonly isGood: boolean;
  readonly text: string;
}

/** Characters that turn the direction of all that follows (UAX 9): in a name, they would turn the sentence around it. */
const TURNS = /[\u202a-\u202e\u2066-\u2069]/g;

function acked({ topic: name, type }: Sent, { isDuplicate, offset, recovered }: Answer): string {
  const topic = name.replaceAll(TURNS, "");
  switch (type) {
    case "publish":
      if (isDuplicate) return `"${topic}" has this id already, at offset ${offset}: nothing was published`;
      return `Published to "${topic}" at offset ${offset}`;
    case "subscribe":
      if (recovered === false) return `Subscribed to "${topic}"; something in between may be missing`;
      return `Subscribed to "${topic}"; its newest offset is ${offset}`;
    case "unsubscribe":
      return `Unsubscribed from "${topic}"`;
    case "refresh":
      return "The token was renewed";
    default:
      return "Done";
  }
}

/** What to say of a request and its answer. */
export function outcomeOf(sent: Sent, answer: Answer, nowMs: number): Outcome {
  const took = `in ${Math.max(0, Math.round(nowMs - sent.atMs))} ms`;
  if (answer.type === "error") return { isGood: false, text: `${answer.code}: ${answer.message}` };
  return { isGood: true, text: answer.type === "pong" ? `Pong ${took}` : `${acked(sent, answer)}, ${took}` };
}
