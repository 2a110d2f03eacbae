import { isIPv4 } from "node:net";
import packageJson from "../package.json" with { type: "json" };
import { parseCommand } from "./config/arguments.ts";
import { describeConfig, helpText } from "./config/help.ts";
import type { Config } from "./config/options.ts";
import { verbOf } from "./config/verbs.ts";
import { ListenError } from "./server/listener.ts";
import { createLog, type Log } from "./server/logger.ts";
import { UnusableFile } from "./server/option-file.ts";
import { type RunningServer, startServer } from "./server/server.ts";
import { shutDown } from "./server/shutdown.ts";

const EXIT_FAILURE = 1;
const EXIT_USAGE = 2;

async function main(): Promise<void> {
  const words = process.argv.slice(2);
  switch (verbOf(words[0])) {
    case undefined:
      return serve(words);
    case "serve":
      return serve(words.slice(1));
    default: {
      // Only now, so that a server does not load what it does not need.
      const { runVerb } = await import("./cli/program.ts");
      return runVerb(words);
    }
  }
}

function serve(words: readonly string[]): void {
  const command = parseCommand(words, process.env);
  switch (command.kind) {
    case "help":
      process.stdout.write(helpText());
      break;
    case "version":
      process.stdout.write(`ringcast ${packageJson.version}\n`);
      break;
    case "invalid":
      process.stderr.write(`ringcast: ${command.message}\n`);
      process.exitCode = EXIT_USAGE;
      break;
    case "run":
      run(command.config);
  }
}

function run(config: Config): void {
  const log = createLog(config);
  let server: RunningServer;
  try {
    server = startServer(config, log.logger, packageJson.version);
  } catch (error) {
    const isExpected = error instanceof ListenError || error instanceof UnusableFile;
    process.stderr.write(`ringcast: ${isExpected ? error.message : `cannot start: ${String(error)}`}\n`);
    process.exit(error instanceof UnusableFile ? EXIT_USAGE : EXIT_FAILURE);
  }
  // Before anyone is told that the server is there, or a quick signal would find no handler.
  handleSignals(config, server, log);
  announce(config, server, log);
  // The last nets: every handler has its own guard, so whatever arrives here is a defect, but none to end all for.
  for (const event of ["uncaughtException", "unhandledRejection"]) {
    process.on(event, (error: unknown) => server.faults.record(error, { event }));
  }
}

/** Whether only this machine can reach an address. A name such as 127.example.com says nothing about that. */
function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIPv4(host) && host.startsWith("127."));
}

function announce(config: Config, server: RunningServer, { logger }: Log): void {
  const { port } = server;
  logger.info({ version: packageJson.version, port, config: describeConfig(config) }, "ringcast listens");
  if (config.apiKeys.length === 0 && config.apiKeysFile === "" && !isLoopback(config.host)) {
    logger.warn("no API key is set and the server listens beyond loopback: anyone who reaches it may use it");
  }
}

function handleSignals(config: Config, server: RunningServer, log: Log): void {
  let ending = false;
  const exit = () => log.close().finally(() => process.exit(0));
  const end = (signal: NodeJS.Signals) => {
    // A second signal: whoever sends it does not want to wait.
    if (ending) process.exit(EXIT_FAILURE);
    ending = true;
    log.logger.info({ signal }, "signal received");
    setTimeout(() => process.exit(0), config.shutdownTimeoutMs);
    shutDown(server, config.shutdownTimeoutMs, log.logger)
      .catch((error: unknown) => server.faults.record(error, { event: "shutdown" }))
      .finally(exit);
  };
  process.on("SIGTERM", end);
  process.on("SIGINT", end);
  process.on("SIGHUP", (signal) => {
    if (ending) return;
    log.logger.info({ signal }, "signal received");
    server.reload().catch((error: unknown) => server.faults.record(error, { event: "reload" }));
  });
}

main();
