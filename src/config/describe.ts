import { formatDuration } from "./duration.ts";
import { type Config, OPTION_NAMES, OPTIONS, type OptionName } from "./options.ts";

/** What an option is set to, in a form that JSON can carry: a duration is a text such as `1m30s`, a secret is `***`. */
function settingOf(config: Config, name: OptionName): string | number | boolean | readonly string[] {
  const { placeholder, secret } = OPTIONS[name];
  const value: unknown = config[name];
  if (secret) return value === "" || (Array.isArray(value) && value.length === 0) ? "" : "***";
  if (typeof value === "number") return placeholder === "duration" ? formatDuration(value) : value;
  if (typeof value === "boolean") return value;
  return Array.isArray(value) ? value.map(String) : String(value);
}

/** The configuration for the log and for programs: by flag, with secrets masked. */
export function describeConfig(config: Config): Record<string, string | number | boolean | readonly string[]> {
  return Object.fromEntries(OPTION_NAMES.map((name) => [OPTIONS[name].flag, settingOf(config, name)]));
}

/** The value of an option for people; what is empty is shown as the default is in `-help`. */
export function valueText(config: Config, name: OptionName): string {
  const value = settingOf(config, name);
  const text = typeof value === "object" ? value.join(",") : String(value);
  return text === "" ? OPTIONS[name].defaultText : text;
}
