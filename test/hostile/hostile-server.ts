import type { FakeSocket } from "../support/fake-platform.ts";
import type { Random } from "./random.ts";

/** A subscription of the application, as far as the server has to tell them apart. */
export type Owner = object;

interface Request {
  readonly type: unknown;
  readonly topic: unknown;
  readonly id: string;
  /** The subscription that was there for the topic when the request was sent. */
  readonly owner: Owner | undefined;
  isAnswered: boolean;
}

/** One time that an event was sent: the epoch of each subscription's own last ack on that link, at that moment. */
export interface Sending {
  readonly topic: unknown;
  readonly offset: unknown;
  readonly epochs: ReadonlyMap<Owner, string>;
}

const ODD_VALUES: readonly unknown[] = [
  undefined,
  null,
  true,
  0,
  -1,
  0.5,
  1e300,
  Number.MAX_SAFE_INTEGER,
  "",
  "x",
  "__proto__",
  "constructor",
  [],
  {},
  { type: "ack" },
  "x".repeat(2000),
];
const ODD_TEXTS = [
  "",
  " ",
  "null",
  "[]",
  "{}",
  "42",
  '"ack"',
  "{",
  '0{"sid":"x"}',
  '{"type":"event"}',
  '{"type":"__proto__"}',
  `${"[".repeat(3000)}${"]".repeat(3000)}`,
];
const CLOSE_CODES = [1000, 1001, 1002, 1005, 1006, 1008, 1009, 1011, 1012, 1013, 3000, 4401, 4403, 4404, 4999, 0];
const CLOSE_REASONS = [
  "",
  "the server is shutting down",
  "; retry after 0 ms",
  "; retry after 1 ms",
  "; retry after 3000 ms",
  "; retry after 999999999 ms",
  "; retry after -5 ms",
  "x".repeat(123),
];
const EPOCHS = ["e1", "e2", ""];

/** The other side of one link. It knows the protocol, and keeps to it or not. */
class HostileLink {
  readonly socket: FakeSocket;
  readonly requests: Request[] = [];
  /** The epoch of the last ack of each subscription's own request. */
  readonly epochs = new Map<Owner, string>();
  /** The topics' offsets, as far as it tells the truth. */
  readonly offsets = new Map<string, number>();
  isOpened = false;

  constructor(socket: FakeSocket) {
    this.socket = socket;
  }

  /** Reads what the client has sent since. */
  read(ownerOf: (topic: unknown) => Owner | undefined): void {
    for (const { request_id: id, topic, type } of this.socket.takeSent()) {
      this.requests.push({ type, topic, id: String(id), owner: ownerOf(topic), isAnswered: false });
    }
  }
}

/** A server that does anything: the right thing, the wrong thing, nothing; at any moment and in any order. */
export class HostileServer {
  /** Every time that an event was sent, by its payload, which no other event has. */
  readonly sendings = new Map<unknown, Sending[]>();
  readonly #random: Random;
  readonly #links = new Map<FakeSocket, HostileLink>();
  /** How often it does the right thing; another share in each run. */
  readonly #honesty: number;
  #eventCount = 0;
  #lastText = "{}";

  constructor(random: Random) {
    this.#random = random;
    this.#honesty = random.pick([0.3, 0.8, 0.95, 0.99]);
  }

  /** Notes what the client has sent on a link. To be called after whatever may have made it send something. */
  read(sockets: readonly FakeSocket[], ownerOf: (topic: unknown) => Owner | undefined): void {
    for (const socket of sockets) {
      const link = this.#links.get(socket) ?? new HostileLink(socket);
      this.#links.set(socket, link);
      link.read(ownerOf);
    }
  }

  /** Something that it does to every connection, again and again. */
  stubborn(): (socket: FakeSocket) => void {
    const random = this.#random;
    const code = random.pick(CLOSE_CODES);
    const reason = random.pick(CLOSE_REASONS.filter((reason) => !reason.includes("99999")));
    const expiring = { type: "info", info: { code: "TOKEN_EXPIRING", message: "", expires_at: "" }, ts: "" };
    const opened = new WeakSet<FakeSocket>();
    const lasted = new WeakMap<FakeSocket, number>();
    const lastedSteps = random.pick([10, 12, 20, 60]);
    return random.pick([
      (socket: FakeSocket) => socket.end(code, reason),
      (socket: FakeSocket) => {
        socket.accept();
        socket.end(code, reason);
      },
      (socket: FakeSocket) => {
        socket.open();
        socket.receive({ type: "pong" });
        socket.end(code, reason);
      },
      (socket: FakeSocket) => {
        if (!opened.has(socket)) socket.open();
        opened.add(socket);
        socket.receive(expiring);
      },
      (socket: FakeSocket) => {
        const steps = lasted.get(socket) ?? 0;
        lasted.set(socket, steps + 1);
        if (steps === 0) socket.open();
        if (steps === lastedSteps) socket.end(code, reason);
      },
    ]);
  }

  /** Does something on a link. */
  act(socket: FakeSocket, topics: readonly string[]): void {
    const link = this.#links.get(socket);
    if (link === undefined || !socket.isOpen) return;
    const random = this.#random;
    if (random.next() < this.#honesty) {
      if (!link.isOpened) this.#open(link);
      else if (link.requests.some(({ isAnswered }) => !isAnswered)) this.#answer(link);
      else for (let i = random.below(6); i >= 0; i--) this.#send(link, this.#event(link, topics));
      return;
    }
    switch (random.below(12)) {
      case 0:
        socket.accept();
        link.isOpened = true;
        break;
      case 1:
        this.#open(link);
        break;
      case 2:
        if (random.below(4) === 0) socket.end(random.pick(CLOSE_CODES), random.pick(CLOSE_REASONS));
        break;
      case 3:
        if (random.below(4) === 0) socket.receive(random.pick(ODD_TEXTS));
        break;
      case 4:
      case 5:
      case 6:
        this.#answer(link);
        break;
      case 7:
        this.#send(link, this.#infoMessage(topics));
        break;
      case 8:
        if (random.below(3) === 0) this.#send(link, this.#damaged(JSON.parse(this.#lastText)));
        else this.#send(link, JSON.parse(this.#lastText));
        break;
      default:
        for (let i = random.below(6); i >= 0; i--) this.#send(link, this.#event(link, topics));
    }
  }

  /** Accepts, and answers the greeting, so that it is taken for a Ringcast server. */
  #open(link: HostileLink): void {
    link.isOpened = true;
    link.socket.open(this.#random.pick(["s1", "s2"]));
  }

  /** Answers a request: mostly the oldest that is open, and mostly as it should. */
  #answer(link: HostileLink): void {
    const random = this.#random;
    const open = link.requests.filter(({ isAnswered }) => !isAnswered);
    const request = random.below(8) === 0 && open.length > 0 ? random.pick(link.requests) : open[0];
    if (request === undefined) return;
    const { id, topic, type } = request;
    const offset = link.offsets.get(String(topic)) ?? random.below(5);
    link.offsets.set(String(topic), offset);
    const ack = { type: "ack", request_id: id, topic, status: "ok", ts: "" };
    const answers: object[] = [
      type === "ping" ? { type: "pong", request_id: id, server: "s1", max_last_n: random.below(10), ts: "" } : ack,
    ];
    if (type === "subscribe")
      answers[0] = { ...ack, epoch: random.pick(EPOCHS), offset, recovered: random.below(2) === 0 };
    if (type === "publish") answers[0] = { ...ack, offset: random.below(100) };
    answers.push({ type: "error", request_id: id, error: { code: "FORBIDDEN", message: "no" }, ts: "" });
    const isRight = random.next() < this.#honesty;
    const answer = isRight ? answers[0] : random.pick(answers);
    if (answer !== undefined) this.#send(link, isRight || random.below(3) > 0 ? answer : this.#damaged(answer));
  }

  #event(link: HostileLink, topics: readonly string[]): object {
    const random = this.#random;
    const topic = random.pick([...topics, ...topics, "never asked for", "__proto__"]);
    const next = (link.offsets.get(topic) ?? 0) + 1;
    const isNext = random.next() < Math.max(0.8, this.#honesty);
    const offset = isNext ? next : random.pick([0, 1, next + 1, next + random.below(400), Number.MAX_SAFE_INTEGER]);
    if (isNext) link.offsets.set(topic, next);
    return { type: "event", topic, message: { id: "m", payload: ++this.#eventCount }, offset, ts: "" };
  }

  #infoMessage(topics: readonly string[]): object {
    const random = this.#random;
    const from = random.below(20);
    const info = random.pick([
      { code: "TOKEN_EXPIRING", message: "", expires_at: "" },
      { code: "SERVER_SHUTDOWN", message: "" },
      { code: "NEWS", message: "" },
      { code: "TOPIC_DELETED", message: "deleted" },
      {
        code: "MESSAGES_DROPPED",
        message: "",
        dropped: random.below(20),
        from_offset: from,
        to_offset: random.below(40),
      },
      { code: "MESSAGES_DROPPED", message: "", dropped: 1e15, from_offset: 0, to_offset: Number.MAX_SAFE_INTEGER },
    ]);
    return { type: "info", topic: random.pick(topics), info, ts: "" };
  }

  /** The same with one value changed, at any depth. */
  #damaged(message: object): object {
    const random = this.#random;
    const copy: Record<string, unknown> = { ...message };
    const name = random.pick([...Object.keys(copy), "type", "error", "info", "message"]);
    const value = copy[name];
    const isDeep = typeof value === "object" && value !== null && random.below(2) === 0;
    copy[name] = isDeep ? this.#damaged(value) : random.pick(ODD_VALUES);
    return copy;
  }

  /** Sends a message, and notes what it means for the client. */
  #send(link: HostileLink, message: object): void {
    const text = JSON.stringify(message);
    const { epoch = "", message: body, offset, request_id: id, topic, type } = JSON.parse(text);
    this.#lastText = text;
    if (type === "event") {
      const sendings = this.sendings.get(body?.payload) ?? [];
      this.sendings.set(body?.payload, [...sendings, { topic, offset, epochs: new Map(link.epochs) }]);
    }
    link.socket.receive(text);
    if (!link.socket.isOpen) return;
    const request = link.requests.find((request) => request.id === id && !request.isAnswered);
    if (request === undefined || !["ack", "error", "pong"].includes(type)) return;
    request.isAnswered = true;
    if (type === "ack" && request.type === "subscribe" && request.owner !== undefined)
      link.epochs.set(request.owner, epoch);
  }
}
