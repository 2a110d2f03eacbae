const ZERO = 48;
const MAX_INT32 = 2 ** 31 - 1;

/** How many decimal digits a whole number from 0 has. */
export function digitCount(value: number): number {
  let count = 1;
  for (let bound = 10; value >= bound; bound *= 10) count++;
  return count;
}

/** Writes a whole number from 0 in decimal; returns the index behind it. */
export function writeDecimal(target: Buffer, at: number, value: number): number {
  const end = at + digitCount(value);
  let index = end - 1;
  let rest = value;
  // Divisions of 32-bit integers are several times faster than those of larger numbers.
  for (; rest > MAX_INT32; index--) {
    const quotient = Math.floor(rest / 10);
    target[index] = ZERO + (rest - quotient * 10);
    rest = quotient;
  }
  for (let small = rest | 0; index >= at; index--) {
    const quotient = (small / 10) | 0;
    target[index] = ZERO + (small - quotient * 10);
    small = quotient;
  }
  return end;
}
