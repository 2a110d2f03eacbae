// Durations as Go writes them (time.ParseDuration and Duration.String): 300ms, 10s, 1m30s, 1h.

const MS_PER_UNIT: Record<string, number> = {
  ns: 1e-6,
  us: 1e-3,
  "\u00b5s": 1e-3,
  "\u03bcs": 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};
const AMOUNT = String.raw`(?:\d+(?:\.\d*)?|\.\d+)`;
const UNIT = "(?:ns|us|\u00b5s|\u03bcs|ms|s|m|h)";
/** What durations look like, as a regular expression for descriptions. */
export const DURATION_PATTERN = `^(?:0|\\+?(?:${AMOUNT}${UNIT})+)$`;
/** The longest duration that an option or a request may ask for. */
export const MAX_DURATION_MS = 24 * 3_600_000;
const DURATION = new RegExp(DURATION_PATTERN);
const PART = new RegExp(`(${AMOUNT})(${UNIT})`, "g");

/**
 * The milliseconds, rounded, that a text such as `1m30s` means; undefined where it is no duration. `0` alone is one;
 * negative ones are not: nothing here can take less than no time.
 */
export function parseDuration(text: string): number | undefined {
  if (!DURATION.test(text)) return undefined;
  let ms = 0;
  for (const [, amount, unit] of text.matchAll(PART)) ms += Number(amount) * (MS_PER_UNIT[unit ?? ""] ?? Number.NaN);
  return Number.isSafeInteger(Math.round(ms)) ? Math.round(ms) : undefined;
}

/** Formats milliseconds as Go does: `1h0m0s`, `1m30s`, `300ms`, `0s`. */
export function formatDuration(ms: number): string {
  if (ms === 0) return "0s";
  if (ms < 1000) return `${ms}ms`;
  const hours = Math.floor(ms / 3_600_000);
  const minutes = Math.floor(ms / 60_000) % 60;
  const seconds = (ms % 60_000) / 1000;
  if (hours > 0) return `${hours}h${minutes}m${seconds}s`;
  return minutes > 0 ? `${minutes}m${seconds}s` : `${seconds}s`;
}
