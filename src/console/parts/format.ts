// How numbers, sizes, spans and times are written, the same on every page.

const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
/** Three digits that count: 1.25, 12.5, 125. */
const short = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 3 });
const compact = new Intl.NumberFormat("en-US", { notation: "compact", maximumSignificantDigits: 3 });

const BYTE_UNITS = ["B", "KiB", "MiB", "GiB", "TiB"] as const;
const SECOND_MS = 1000;
const SPANS = [
  { unit: "d", ms: 86_400 * SECOND_MS },
  { unit: "h", ms: 3600 * SECOND_MS },
  { unit: "min", ms: 60 * SECOND_MS },
  { unit: "s", ms: SECOND_MS },
] as const;

/** A whole number in full: `12,345`. */
export function formatCount(count: number): string {
  return whole.format(count);
}

/** So many things: `1 topic`, `12,345 topics`. */
export function formatThings(count: number, name: string): string {
  return `${whole.format(count)} ${name}${count === 1 ? "" : "s"}`;
}

/** A number where space is short: `12.3K`. */
export function formatCompact(value: number): string {
  if (value >= 10_000) return compact.format(value);
  return value >= 100 ? whole.format(value) : short.format(value);
}

/** A size: `16 MiB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let index = 0;
  // What three digits would round up to the next unit is of the next unit.
  while (value >= 999.5 && index < BYTE_UNITS.length - 1) {
    value /= 1024;
    index++;
  }
  return `${short.format(value)} ${BYTE_UNITS[index]}`;
}

/** A rate of things: `1,234/s`; small ones with decimals. */
export function formatRate(perSec: number): string {
  return `${perSec >= 100 ? whole.format(perSec) : short.format(perSec)}/s`;
}

/** A rate of bytes: `1.2 MiB/s`. */
export function formatByteRate(bytesPerSec: number): string {
  return `${formatBytes(bytesPerSec)}/s`;
}

/** A share in percent: `12.5%`. */
export function formatPercent(percent: number): string {
  return `${percent >= 100 ? whole.format(percent) : short.format(percent)}%`;
}

/** A short time, which milliseconds fit: `3.25 ms`. */
export function formatMillis(ms: number): string {
  return `${ms >= 1000 ? whole.format(ms) : short.format(ms)} ms`;
}

/** A span by its two largest units: `3 d 4 h`, `2 min 5 s`, `0 s`. */
export function formatDuration(ms: number): string {
  let rest = Math.max(0, Math.floor(ms / SECOND_MS)) * SECOND_MS;
  const first = SPANS.findIndex((span) => rest >= span.ms);
  if (first === -1) return "0 s";
  const words: string[] = [];
  for (const span of SPANS.slice(first, first + 2)) {
    const amount = Math.floor(rest / span.ms);
    rest -= amount * span.ms;
    if (amount > 0) words.push(`${amount} ${span.unit}`);
  }
  return words.join(" ");
}

/** How long ago something was: `5 s ago`, `2 min ago`, `just now`; clocks that differ make no future. */
export function formatAge(atMs: number, nowMs: number): string {
  const ms = nowMs - atMs;
  const span = SPANS.find((candidate) => ms >= candidate.ms);
  return span === undefined ? "just now" : `${Math.floor(ms / span.ms)} ${span.unit} ago`;
}

function digits(value: number): string {
  return String(value).padStart(2, "0");
}

/** The time of day where the user is: `12:03:04`. */
export function formatTime(atMs: number): string {
  const at = new Date(atMs);
  return [at.getHours(), at.getMinutes(), at.getSeconds()].map(digits).join(":");
}

/** Date and time where the user is, to the millisecond: `2026-11-25 12:03:04.123`. */
export function formatDateTime(atMs: number): string {
  const at = new Date(atMs);
  const date = [at.getFullYear(), digits(at.getMonth() + 1), digits(at.getDate())].join("-");
  return `${date} ${formatTime(atMs)}.${String(at.getMilliseconds()).padStart(3, "0")}`;
}
