import { isUtf8 } from "node:buffer";
import { once } from "node:events";
import { setImmediate as nextTurn } from "node:timers/promises";
import { isSendableCloseCode } from "../../src/websocket/close.ts";
import { WebSocketConnection, type WebSocketHandler } from "../../src/websocket/web-socket.ts";
import { serverFrames } from "./client-frame.ts";
import { MemorySocket } from "./memory-socket.ts";
import { Random } from "./random.ts";
import { randomSequence, type Sequence } from "./sequence.ts";

export interface FuzzReport {
  readonly sequences: number;
  readonly messages: number;
  /** Seeds of the sequences that broke a property, and what they broke. */
  readonly failures: readonly string[];
}

/** Many wait for a client that reads nothing. */
const AT_ONCE = 50;

/**
 * Feeds frames, mutated frames and plain noise to connections, whose server writes, closes, terminates and throws at
 * random and whose client stops reading at random. Whatever happens: every message is valid, nothing is thrown, `closed`
 * is called once and last, and what is sent is well-formed. Without the server's doing, the cutting of the input into
 * chunks changes nothing.
 */
export async function fuzz(
  firstSeed: number,
  count: number,
  deadlineMs = Number.POSITIVE_INFINITY,
): Promise<FuzzReport> {
  const failures: string[] = [];
  let messages = 0;
  let sequences = 0;
  const start = performance.now();
  const one = async (seed: number) => {
    try {
      const handedOver = await fuzzOnce(new Random(seed));
      messages += handedOver;
    } catch (error) {
      failures.push(`${seed}: ${error instanceof Error ? error.message : error}`);
    }
  };
  while (sequences < count && performance.now() - start < deadlineMs) {
    const seeds = Array.from(
      { length: Math.min(AT_ONCE, count - sequences) },
      (_, index) => firstSeed + sequences + index,
    );
    await Promise.all(seeds.map(one));
    sequences += seeds.length;
  }
  return { sequences, messages, failures };
}

async function fuzzOnce(random: Random): Promise<number> {
  const sequence = random.oneIn(3) ? noise(random) : randomSequence(random);
  const chunks = await Run.of(sequence);
  const whole = await Run.of({ ...sequence, chunks: [Buffer.concat(sequence.chunks)] });
  if (chunks.calls.join() !== whole.calls.join()) throw new Error("the cutting changes what is handed over");
  if (!chunks.socket.output.equals(whole.socket.output)) throw new Error("the cutting changes what is sent");
  const disturbed = await Run.of(sequence, random);
  return chunks.messages + disturbed.messages;
}

/** Bytes at random; most start like a frame, or nothing would come of them. */
function noise(random: Random): Sequence {
  const chunks = Array.from({ length: 1 + random.below(10) }, () => random.bytes(1 + random.below(40)));
  if (!random.oneIn(4))
    chunks.unshift(Buffer.of(random.pick([0x81, 0x01, 0x82, 0xc1, 0x89]), 0x80 | random.below(128)));
  return { chunks, maxMessageBytes: random.pick([0, 1, 20, 125, 1000]), deflate: random.oneIn(2) };
}

/** One connection from its first chunk to its end. */
class Run {
  readonly socket = new MemorySocket();
  readonly calls: string[] = [];
  messages = 0;
  readonly #faults: string[] = [];
  readonly #sequence: Sequence;
  readonly #disturbance: Random | undefined;
  readonly #connection: WebSocketConnection;
  #isClosing = false;
  #isClosed = false;

  static async of(sequence: Sequence, disturbance?: Random): Promise<Run> {
    const run = new Run(sequence, disturbance);
    await run.#feed();
    run.#check();
    return run;
  }

  private constructor(sequence: Sequence, disturbance: Random | undefined) {
    this.#sequence = sequence;
    this.#disturbance = disturbance;
    const options = { ...sequence, closeTimeoutMs: 5 };
    this.#connection = new WebSocketConnection(this.socket, Buffer.alloc(0), options, this.#handler());
  }

  async #feed(): Promise<void> {
    const released = once(this.socket, "close");
    await nextTurn();
    for (const chunk of this.#sequence.chunks) {
      if (!this.socket.destroyed) this.socket.push(Buffer.from(chunk));
      this.#disturb();
    }
    await nextTurn();
    if (!this.socket.destroyed) this.socket.push(null);
    await nextTurn();
    if (this.#disturbance?.oneIn(2) !== true) this.socket.unstall();
    // The connection's own timer, which ends a client that reads nothing, does not keep the process alive.
    const alive = setInterval(() => {}, 1000);
    await released;
    clearInterval(alive);
  }

  #handler(): WebSocketHandler {
    const message = (kind: string) => (bytes: Buffer, start: number, end: number) => {
      this.messages++;
      if (start < 0 || end < start || end > bytes.length) this.#fault(`span ${start} to ${end} of ${bytes.length}`);
      if (this.#isClosing) this.#fault("a message after the server has closed");
      if (end - start > this.#sequence.maxMessageBytes) this.#fault("a message is too big");
      if (kind === "text" && !isUtf8(bytes.subarray(start, end))) this.#fault("a text is not UTF-8");
      this.#called(`${kind} ${bytes.toString("latin1", start, end)}`);
    };
    const call = (name: string) => () => this.#called(name);
    return {
      text: message("text"),
      binary: message("binary"),
      fragment: call("fragment"),
      ping: call("ping"),
      pong: call("pong"),
      inputEnd: () => this.#disturb(true),
      drained: () => {
        if (this.#connection.bufferedBytes > 0) this.#fault("drained with bytes left");
        this.#disturb(true);
      },
      closed: (code) => {
        if (this.#isClosed) this.#fault("closed was called twice");
        this.#isClosed = true;
        this.calls.push(`closed ${code}`);
        this.#disturb(true);
      },
      failed: (error) => {
        if (!(error instanceof Disturbance)) this.#fault(`failed: ${error}`);
      },
    };
  }

  #called(call: string): void {
    if (this.#isClosed) this.#fault(`${call} after closed`);
    this.calls.push(call);
    this.#disturb(true);
  }

  /** The server does something at random; inside of a handler it may throw. */
  #disturb(isInHandler = false): void {
    const random = this.#disturbance;
    if (random === undefined || !random.oneIn(4)) return;
    if (isInHandler && random.oneIn(30)) throw new Disturbance();
    const connection = this.#connection;
    const actions = [
      () => connection.sendText("x".repeat(random.below(300))),
      () => connection.sendBinary(Buffer.alloc(random.below(70000))),
      () => connection.ping(),
      () => this.socket.stall(),
      () => this.socket.unstall(),
      () => {
        this.#isClosing = true;
        connection.close(random.pick([1000, 4404]), "reason");
      },
      () => {
        this.#isClosing = true;
        connection.terminate();
      },
      () => this.socket.destroy(),
    ];
    // The last ones end everything, so that they are rarer.
    (random.oneIn(6) ? actions[random.below(actions.length)] : actions[random.below(5)])?.();
  }

  #fault(what: string): void {
    this.#faults.push(what);
  }

  #check(): void {
    if (!this.#isClosed) this.#fault("closed was not called");
    const frames = serverFrames(this.socket.output);
    const closes = frames.filter(({ opcode }) => opcode === 8);
    if (closes.length > 1 || (closes.length === 1 && frames.at(-1)?.opcode !== 8))
      this.#fault("frames behind a close frame");
    const payload = closes[0]?.payload;
    if (payload !== undefined && payload.length > 0 && !isSendableCloseCode(payload.readUInt16BE(0))) {
      this.#fault("sent an invalid close code");
    }
    if (this.#faults.length > 0) throw new Error(this.#faults.join("; "));
  }
}

/** What the server throws at random. */
class Disturbance extends Error {}
