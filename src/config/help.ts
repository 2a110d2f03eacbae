import { type Config, OPTION_NAMES, OPTIONS, type OptionName, variableOf } from "./options.ts";
import { VERBS } from "./verbs.ts";

/** The text of `-help`. */
export function helpText(): string {
  const verbs = Object.keys(VERBS).filter((verb) => verb !== "serve" && verb !== "help");
  const lines = [
    "Ringcast, an in-memory publish/subscribe server.",
    "",
    "Usage: ringcast [serve] [-flag=value ...]",
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

/** Tells whether there is a secret, and no more. */
function mask(value: Config[OptionName]): string {
  const isEmpty = value === "" || (Array.isArray(value) && value.length === 0);
  return isEmpty ? "" : "***";
}

/** The configuration for a log line: by flag, with secrets masked. */
export function describeConfig(config: Config): Record<string, unknown> {
  const shown = OPTION_NAMES.map((name) => {
    const { flag, secret } = OPTIONS[name];
    return [flag, secret ? mask(config[name]) : config[name]];
  });
  return Object.fromEntries(shown);
}
