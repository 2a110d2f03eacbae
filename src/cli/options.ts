import { Command, InvalidArgumentError, Option } from "@commander-js/extra-typings";
import { formatDuration, parseDuration } from "../config/duration.ts";
import { VERBS, type Verb } from "../config/verbs.ts";

/** The command of a verb. */
export function verb(name: Verb) {
  return new Command(name).summary(VERBS[name]).description(`${VERBS[name]}.`);
}

/** The command of a verb that talks to a server: it has the options that say to which, and as whom. */
export function serverVerb(name: Verb) {
  return withServer(verb(name));
}

/** Adds the options that say which server, and who asks. */
export function withServer(command: Command) {
  return command
    .addOption(
      new Option("--url <url>", "the server, such as https://example.com")
        .env("RINGCAST_URL")
        .default("http://localhost:8080"),
    )
    .addOption(new Option("--api-key <key>", "the server's API key").env("RINGCAST_API_KEY"))
    .addOption(new Option("--token <token>", "a token, in place of a key").env("RINGCAST_TOKEN"))
    .hook("preAction", (self) => {
      // A token is used in place of a key, but what was typed wins over the environment.
      const isKeyTyped = self.getOptionValueSource("apiKey") === "cli";
      if (isKeyTyped && self.getOptionValueSource("token") === "env") self.setOptionValue("token", undefined);
    });
}

/** Reads an integer within bounds. */
export function integer(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be an integer from ${min} to ${max}.`);
  };
}

/** Reads a duration such as `10s` or `1m30s`, in milliseconds. */
export function duration(minMs: number, maxMs: number): (text: string) => number {
  return (text) => {
    const ms = parseDuration(text);
    if (ms !== undefined && ms >= minMs && ms <= maxMs) return ms;
    const range = `from ${formatDuration(minMs)} to ${formatDuration(maxMs)}`;
    throw new InvalidArgumentError(`It must be a duration such as 10s, ${range}.`);
  };
}
