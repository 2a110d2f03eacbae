/** Memory, and a view of it that reads and writes words of four bytes at any place. */
export interface Block {
  readonly bytes: Buffer;
  readonly view: DataView;
}

/** Makes the block of some memory. */
export function newBlock(bytes: Buffer): Block {
  return { bytes, view: viewOf(bytes) };
}

/** Makes the block of a text in UTF-8. */
export function textBlock(text: string): Block {
  return newBlock(Buffer.from(text));
}

/** Makes a view of memory. */
export function viewOf({ buffer, byteLength, byteOffset }: Buffer): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

let last = newBlock(Buffer.alloc(0));

/** The block of a chunk of input. The last one is kept: most messages come many to a chunk. */
export function blockOf(bytes: Buffer): Block {
  if (bytes !== last.bytes) last = newBlock(bytes);
  return last;
}
