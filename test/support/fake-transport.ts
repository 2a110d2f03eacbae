import { textOf } from "../../src/core/outbox.ts";
import type { MessageSource, Transport } from "../../src/core/transport.ts";

/**
 * A socket in memory. It has `room` for so many bytes (one a character); past that it is backed up and holds what it
 * was given, as a real one does, until the client has read and somebody has it try again.
 */
export class FakeTransport implements Transport {
  readonly kind = "websocket";
  /** The texts of each write. */
  readonly writes: string[][] = [];
  room = Number.POSITIVE_INFINITY;
  pings = 0;
  terminations = 0;
  closing: { code: number; reason: string } | undefined;
  /** Thrown by the next writes and pings where set. */
  failure: Error | undefined;
  #bufferedBytes = 0;

  /** All texts so far, in order. */
  get texts(): string[] {
    return this.writes.flat();
  }

  write(source: MessageSource): boolean {
    if (this.failure !== undefined) throw this.failure;
    const texts: string[] = [];
    this.writes.push(texts);
    for (let message = source.next(); message !== undefined; message = source.next()) {
      const text = textOf(message);
      texts.push(text);
      this.#bufferedBytes += text.length;
      this.handOver();
      if (this.#bufferedBytes > 0) return true;
    }
    return false;
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

  /** Moves what is buffered to where there is room. */
  handOver(): void {
    const taken = Math.min(this.room, this.#bufferedBytes);
    this.room -= taken;
    this.#bufferedBytes -= taken;
  }
}
