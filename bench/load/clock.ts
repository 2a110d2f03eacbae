/** Microseconds since the load began, as whole numbers. */
export function nowUs(): number {
  return Math.round(performance.now() * 1000);
}
