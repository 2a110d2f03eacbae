import { OPTION_NAMES, OPTIONS, variableOf } from "./options.ts";
import { VERBS } from "./verbs.ts";

/** The text of `-help`. */
export function helpText(): string {
  const verbs = Object.keys(VERBS).filter((verb) => !["serve", "config", "help"].includes(verb));
  const lines = [
    "Ringcast, an in-memory publish/subscribe server.",
    "",
    "Usage: ringcast [serve] [-flag=value ...]",
    "       ringcast config [-flag=value ...]: print the values that the server would have",
    `       ringcast ${verbs.join("|")}: what talks to a server (ringcast help VERB)`,
    "",
    "Every flag can also be set by the variable named behind it; the flag wins.",
    "Durations are written as 300ms, 10s, 1m30s or 1h.",
  ];
  let group = "";
  for (const name of OPTION_NAMES) {
    const option = OPTIONS[name];
    if (option.group !== group) {
      group = option.group;
      lines.push("", `${group}:`);
    }
    lines.push(`  -${option.flag} ${option.placeholder}`.trimEnd());
    lines.push(`        ${option.help} (default: ${option.defaultText}; ${variableOf(option.flag)})`);
  }
  lines.push("", "Other:", "  -help", "        Show this text", "  -version", "        Show the version", "");
  return lines.join("\n");
}
