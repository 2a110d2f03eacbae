import { Command, CommanderError } from "@commander-js/extra-typings";
import { VERBS } from "../config/verbs.ts";
import { benchCommand } from "./bench.ts";
import { completionCommand } from "./completion.ts";
import { configCommand } from "./config.ts";
import { asFailure, EXIT } from "./exit.ts";
import { healthCommand } from "./health.ts";
import { verb } from "./options.ts";
import { endWithReader, flush, talk } from "./output.ts";
import { pubCommand } from "./pub.ts";
import { statsCommand } from "./stats.ts";
import { subCommand } from "./sub.ts";
import { tokenCommand } from "./token.ts";
import { topicsCommand } from "./topics.ts";

const EXIT_CODES = `
Exit codes: 0 done, 1 failure, 2 wrong command line, 3 server out of reach, 4 key or token refused.`;

function createProgram(): Command {
  const program = new Command("ringcast");
  program
    .usage("VERB [options]")
    .description("Ringcast, an in-memory publish/subscribe server, and what talks to it.")
    .helpOption("-h, --help", "show this text")
    .helpCommand("help [verb]", VERBS.help)
    .addHelpText("after", EXIT_CODES)
    .configureOutput({
      outputError: (text) =>
        talk(
          text
            .trim()
            .replace(/^error: /, "")
            .replace(/\s*\n\s*/g, " "),
        ),
    })
    .exitOverride();
  const commands = [
    // The flags of these two are read elsewhere: they get here for help only.
    verb("serve").usage("[-flag=value ...]").addHelpText("after", "\nIts flags: ringcast serve -help"),
    configCommand(),
    subCommand(),
    pubCommand(),
    topicsCommand(),
    statsCommand(),
    healthCommand(),
    tokenCommand(),
    benchCommand(),
    completionCommand(() => program),
  ];
  for (const command of commands) {
    program.addCommand(command);
    for (const each of [command, ...command.commands]) {
      each.copyInheritedSettings(program).helpOption("-h, --help", "show this text").exitOverride();
    }
  }
  return program;
}

/**
 * Runs a verb, and ends the process with its exit code.
 * @param words the command line, its verb first
 */
export async function runVerb(words: readonly string[]): Promise<void> {
  endWithReader();
  try {
    await createProgram().parseAsync(words, { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? EXIT.DONE : EXIT.USAGE;
    } else {
      const failure = asFailure(error);
      talk(failure.message);
      process.exitCode = failure.exitCode;
    }
  }
  await flush();
  process.exit();
}
