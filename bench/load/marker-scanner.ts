import { MARKER_LENGTH, type Marker, PREFIX_LENGTH, readMarker } from "./marker.ts";

/** Finds the markers of a run in one connection's bytes, also those that two or more chunks share. */
export class MarkerScanner {
  readonly #prefix: Buffer;
  readonly #found: (marker: Marker) => void;
  /** The beginning of a marker that the last chunk ended with, and room for what completes it. */
  readonly #seam = Buffer.alloc(2 * MARKER_LENGTH);
  #carried = 0;

  constructor(prefix: string, found: (marker: Marker) => void) {
    this.#prefix = Buffer.from(prefix, "latin1");
    if (this.#prefix.length !== PREFIX_LENGTH) throw new RangeError(`not a marker's prefix: ${prefix}`);
    this.#found = found;
  }

  /** Takes the next chunk and reports every marker that is complete with it. */
  scan(chunk: Buffer): void {
    const from = this.#carried > 0 ? this.#crossSeam(chunk) : 0;
    this.#keep(chunk, this.#read(chunk, from));
  }

  /** Reports the marker begun in earlier chunks, if this one completes it; returns where to go on in the chunk. */
  #crossSeam(chunk: Buffer): number {
    const carried = this.#carried;
    const taken = chunk.copy(this.#seam, carried, 0, MARKER_LENGTH - 1);
    const seam = this.#seam.subarray(0, carried + taken);
    const end = this.#read(seam, 0);
    this.#carried = 0;
    if (taken < chunk.length) return Math.max(0, end - carried);
    // The whole chunk is in the seam, and a marker may still be incomplete there.
    this.#keep(seam, end);
    return chunk.length;
  }

  /** Reports the whole markers from `from` on; returns the position after the last of them. */
  #read(bytes: Buffer, from: number): number {
    let end = from;
    let at = bytes.indexOf(this.#prefix, end);
    while (at !== -1 && at + MARKER_LENGTH <= bytes.length) {
      this.#found(readMarker(bytes, at));
      end = at + MARKER_LENGTH;
      at = bytes.indexOf(this.#prefix, end);
    }
    return end;
  }

  /** Keeps what may be the beginning of a marker at the end of the bytes. */
  #keep(bytes: Buffer, from: number): void {
    let at = bytes.indexOf(this.#prefix[0] ?? 0, Math.max(from, bytes.length - MARKER_LENGTH + 1));
    while (at !== -1) {
      const rest = Math.min(PREFIX_LENGTH, bytes.length - at);
      if (bytes.compare(this.#prefix, 0, rest, at, at + rest) === 0) {
        this.#carried = bytes.copy(this.#seam, 0, at);
        return;
      }
      at = bytes.indexOf(this.#prefix[0] ?? 0, at + 1);
    }
  }
}
