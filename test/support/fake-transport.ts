import type { Range } from "../../src/core/range.ts";
import type { MessageSource, Outgoing, Transport } from "../../src/core/transport.ts";
import { textsOfFrames } from "./frame-texts.ts";

/** The texts of a message, as the client reads them. */
function textsOf(message: Outgoing): string[] {
  switch (message.kind) {
    case "text":
      return [message.text];
    case "replies":
      return textsOfFrames(message.bytes, message.start, message.end);
    case "events": {
      const frames = message.frames();
      return textsOfFrames(frames, 0, frames.length);
    }
  }
}

/**
 * A socket in memory. It has `room` for so many characters; past that it is full and holds what it was given, as a real
 * one does, until the client has read and the session tries again.
 */
export class FakeTransport implements Transport {
  readonly kind = "websocket";
  readonly readsLater = false;
  /** The texts of each write. */
  readonly writes: string[][] = [];
  /** All texts so far, in order. */
  readonly texts: string[] = [];
  room = Number.POSITIVE_INFINITY;
  /** How many bytes of events it takes from its source at a time. */
  sliceBytes = 64 * 1024;
  pings = 0;
  terminations = 0;
  closing: { code: number; reason: string } | undefined;
  /** Thrown by the next writes and pings where set. */
  failure: Error | undefined;
  #bufferedBytes = 0;
  /** Copies of the frames that it holds, and the memory that they stand in: it must not change. */
  #held: { readonly frames: Buffer; readonly copy: Buffer }[] = [];

  write(source: MessageSource): boolean {
    if (this.failure !== undefined) throw this.failure;
    const texts: string[] = [];
    this.writes.push(texts);
    for (;;) {
      const message = source.next(this.sliceBytes);
      if (message === undefined) return false;
      this.#take(message, texts);
      if (this.#bufferedBytes > 0) return true;
    }
  }

  writeEvents(range: Range): boolean {
    if (this.failure !== undefined) throw this.failure;
    const texts: string[] = [];
    this.writes.push(texts);
    this.#take(range, texts);
    return this.#bufferedBytes > 0;
  }

  bufferedBytes(): number {
    return this.#bufferedBytes;
  }

  ping(): void {
    if (this.failure !== undefined) throw this.failure;
    this.pings++;
    this.handOver();
  }

  close(code: number, reason: string): void {
    this.closing = { code, reason };
  }

  terminate(): void {
    this.terminations++;
  }

  #take(message: Outgoing, texts: string[]): void {
    for (const text of textsOf(message)) {
      texts.push(text);
      this.texts.push(text);
      this.#bufferedBytes += text.length;
    }
    if (message.kind === "events") {
      const frames = message.frames();
      this.#held.push({ frames, copy: Buffer.from(frames) });
    }
    this.handOver();
  }

  /** Moves what is buffered to where there is room. */
  handOver(): void {
    for (const { copy, frames } of this.#held) {
      if (!copy.equals(frames)) throw new Error("the memory of a write has changed before the socket took it");
    }
    const taken = Math.min(this.room, this.#bufferedBytes);
    this.room -= taken;
    this.#bufferedBytes -= taken;
    if (this.#bufferedBytes === 0) this.#held = [];
  }
}
