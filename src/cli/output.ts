import { once } from "node:events";
import colors from "picocolors";
import stringWidth from "string-width";
import { EXIT } from "./exit.ts";

// Data goes to standard output, everything else to standard error.

type Style = "bold" | "cyan" | "dim" | "red" | "yellow";

// What a terminal might obey, and what breaks a line.
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for.
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g;

/** A text from elsewhere as one line that no terminal obeys: control characters become JSON escapes. */
export function printable(text: string): string {
  return text.replace(CONTROL, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** A JSON text on one line. Within a well-formed one, line breaks are nothing but white space between tokens. */
export function onOneLine(json: string): string {
  return json.replace(/[\r\n]/g, " ");
}

/** A text for standard output, in colour if that is a terminal that wants it (`NO_COLOR`). */
export function styled(style: Style, text: string): string {
  return process.stdout.isTTY ? colors[style](text) : text;
}

/** Writes a line of data; resolves when there is room for another. */
export async function print(line: string): Promise<void> {
  if (!process.stdout.write(`${line}\n`)) await once(process.stdout, "drain");
}

let isProgressShown = false;

/** Says something that whoever runs the command must know. */
export function talk(message: string): void {
  clearProgress();
  process.stderr.write(`ringcast: ${printable(message)}\n`);
}

/** Says something that only a person at a terminal wants to know. */
export function remark(message: string): void {
  if (process.stderr.isTTY) talk(message);
}

/** Shows how far it is, in place of what was shown so before; only on a terminal. */
export function showProgress(message: string): void {
  if (!process.stderr.isTTY) return;
  isProgressShown = true;
  process.stderr.write(`\r\u001b[K${printable(message)}`);
}

/** Takes away what was shown so. */
export function clearProgress(): void {
  if (isProgressShown) process.stderr.write("\r\u001b[K");
  isProgressShown = false;
}

/** Whoever reads the output has had enough (`| head -1`): ends the command, quietly. */
export function endWithReader(): void {
  process.stdout.on("error", () => process.exit(EXIT.DONE));
  // Nobody is there to be told.
  process.stderr.on("error", () => {});
}

/** Resolves when all that was printed is out. */
export function flush(): Promise<void> {
  return new Promise((resolve) => process.stdout.write("", () => resolve()));
}

/** Rows as aligned columns, as many as the last row has; numbers to the right. The first row is the head. */
export function table(rows: readonly (readonly (string | number)[])[]): string {
  const texts = rows.map((row) => row.map((cell) => (typeof cell === "number" ? formatNumber(cell) : printable(cell))));
  const widths = (texts.at(-1) ?? []).map((_, i) => Math.max(...texts.map((row) => stringWidth(row[i] ?? ""))));
  const isNumeric = rows.at(-1)?.map((cell) => typeof cell === "number") ?? [];
  const lines = texts.map((row) =>
    row
      .map((text, i) => {
        const padding = " ".repeat(Math.max(0, (widths[i] ?? 0) - stringWidth(text)));
        return isNumeric[i] ? padding + text : text + padding;
      })
      .join("  ")
      .trimEnd(),
  );
  return [styled("bold", lines[0] ?? ""), ...lines.slice(1)].join("\n");
}

/** A number for people: `12,345`. */
export function formatNumber(value: number): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: 1 });
}

/** `1 event`, `2 events`. */
export function counted(count: number, noun: string): string {
  return `${formatNumber(count)} ${noun}${count === 1 ? "" : "s"}`;
}
