/** Where the payload of a final, unmasked text frame lies (RFC 6455, section 5.2). */
function payloadOf(bytes: Buffer, at: number): { readonly start: number; readonly end: number } {
  if (bytes[at] !== 0x81) throw new Error(`no text frame at ${at}: the first byte is ${bytes[at]}`);
  const short = bytes.readUInt8(at + 1);
  if (short < 126) return { start: at + 2, end: at + 2 + short };
  if (short === 126) return { start: at + 4, end: at + 4 + bytes.readUInt16BE(at + 2) };
  if (short === 127) return { start: at + 10, end: at + 10 + Number(bytes.readBigUInt64BE(at + 2)) };
  throw new Error(`the frame at ${at} is masked`);
}

/** The texts of the frames that stand one behind the other from `start` to `end`; throws where they do not fit. */
export function textsOfFrames(bytes: Buffer, start: number, end: number): string[] {
  const texts: string[] = [];
  let at = start;
  while (at < end) {
    const payload = payloadOf(bytes, at);
    if (payload.end > end) throw new Error(`the frame at ${at} goes past the end`);
    texts.push(bytes.toString("utf8", payload.start, payload.end));
    at = payload.end;
  }
  return texts;
}
