/** A name that nobody else has. */
export function uniqueName(): string {
  return `try-${[...crypto.getRandomValues(new Uint8Array(6))].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
