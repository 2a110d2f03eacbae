import type { Sources } from "../config/arguments.ts";
import { describeConfig, valueText } from "../config/describe.ts";
import { type Config, OPTION_NAMES, OPTIONS, variableOf } from "../config/options.ts";
import { verb } from "./options.ts";
import { endWithReader, flush, print, table } from "./output.ts";

/** The verb for help and completion; its flags are the server's, which are read elsewhere. */
export function configCommand() {
  return verb("config")
    .usage("[--json] [-flag=value ...]")
    .option("--json", "print an object with the value and the source of each flag; must come first")
    .addHelpText("after", "\nThe flags are the server's: ringcast -help");
}

/**
 * Prints the configuration that a server with this command line would have, and ends the process.
 * @param isJson whether programs are to read it
 */
export async function printConfig(config: Config, sources: Sources, isJson: boolean): Promise<void> {
  endWithReader();
  await print(isJson ? jsonOf(config, sources) : tableOf(config, sources));
  await flush();
  process.exit();
}

function jsonOf(config: Config, sources: Sources): string {
  const values = describeConfig(config);
  const entries = OPTION_NAMES.map((name) => {
    const { flag } = OPTIONS[name];
    return [flag, { value: values[flag], source: sources.get(name) ?? "default" }];
  });
  return JSON.stringify(Object.fromEntries(entries));
}

function tableOf(config: Config, sources: Sources): string {
  const rows = OPTION_NAMES.map((name) => {
    const { flag } = OPTIONS[name];
    const source = sources.get(name) ?? "default";
    return [`-${flag}`, valueText(config, name), source === "environment" ? `${source} (${variableOf(flag)})` : source];
  });
  return table([["Flag", "Value", "From"], ...rows]);
}
