// The small steps of writing JSON texts as bytes. Each takes the index to write at and returns the index just past it.

/** Up to this length a loop is faster than `Buffer.copy`, whose call costs 30 ns on Node.js 26 and 60 ns on Node.js 20. */
const LOOP_LENGTH = 32;
const ZERO = 48;

/** Copies `source` from `start` to `end`. */
export function copyBytes(target: Buffer, at: number, source: Buffer, start: number, end: number): number {
  const length = end - start;
  if (length > LOOP_LENGTH) {
    source.copy(target, at, start, end);
    return at + length;
  }
  const shift = at - start;
  for (let from = start; from < end; from++) target[from + shift] = source[from] ?? 0;
  return at + length;
}

/** How many decimal digits a whole number from 0 has. */
export function digitCount(value: number): number {
  let count = 1;
  for (let bound = 10; value >= bound; bound *= 10) count++;
  return count;
}

/** Writes a whole number from 0 in decimal. */
export function writeDecimal(target: Buffer, at: number, value: number): number {
  const end = at + digitCount(value);
  let rest = value;
  for (let i = end - 1; i >= at; i--) {
    const quotient = Math.floor(rest / 10);
    target[i] = ZERO + (rest - quotient * 10);
    rest = quotient;
  }
  return end;
}
