import { isIPv4, isIPv6 } from "node:net";
import { describeConfig } from "./config/describe.ts";
import type { Config } from "./config/options.ts";
import { ListenError } from "./server/listener.ts";
import { createLog, type Log } from "./server/logger.ts";
import { UnusableFile } from "./server/option-file.ts";
import { type RunningServer, startServer } from "./server/server.ts";
import { shutDown } from "./server/shutdown.ts";

const EXIT_FAILURE = 1;
const EXIT_USAGE = 2;

/**
 * Starts the server, and handles signals until it ends.
 * @param version the version of Ringcast
 * @param takeHangUps returns how many SIGHUPs the process has received, and no longer handles them
 */
export async function run(config: Config, version: string, takeHangUps: () => number): Promise<void> {
  const log = createLog(config);
  let server: RunningServer;
  try {
    server = await startServer(config, log.logger, version);
  } catch (error) {
    const isExpected = error instanceof ListenError || error instanceof UnusableFile;
    process.stderr.write(`ringcast: ${isExpected ? error.message : `cannot start: ${String(error)}`}\n`);
    process.exit(error instanceof UnusableFile ? EXIT_USAGE : EXIT_FAILURE);
  }
  // Before the log reports that the server listens: a signal may follow at once.
  const reload = handleSignals(config, server, log);
  announce(config, server, version, log);
  // The files may have been read before the signal came.
  if (takeHangUps() > 0) reload("SIGHUP");
  // The last nets: every handler has its own guard, so whatever arrives here is a defect, but none to end all for.
  for (const event of ["uncaughtException", "unhandledRejection"]) {
    process.on(event, (error: unknown) => server.faults.record(error, { event }));
  }
}

/** Whether only this machine can reach an address. A name such as 127.example.com says nothing about that. */
function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIPv4(host) && host.startsWith("127."));
}

/** The host by which this machine reaches the server, as URLs have it. */
function urlHost(host: string): string {
  if (["", "0.0.0.0", "::"].includes(host)) return "localhost";
  return isIPv6(host) ? `[${host}]` : host;
}

function announce(config: Config, server: RunningServer, version: string, { logger }: Log): void {
  const { port } = server;
  const tls = config.tlsCert === "" ? "" : "s";
  const root = `${urlHost(config.host)}:${port}`;
  const urls = `WebSocket ws${tls}://${root}/ws, console http${tls}://${root}/console, API http${tls}://${root}/docs`;
  // In the text format, the line has everything already.
  const data = config.logFormat === "json" ? { version, port } : {};
  logger.info(data, `Ringcast ${version} listens: ${urls}`);
  logger.debug({ config: describeConfig(config) }, "configuration");
  logger.debug({ maxHistoryBytes: server.hub.history.maxBytes }, "history limit");
  if (config.apiKeys.length === 0 && config.apiKeysFile === "" && !isLoopback(config.host)) {
    logger.warn("no API key is set and the server listens beyond loopback: anyone who reaches it may use it");
  }
}

/** Installs the handlers; returns the one of SIGHUP. */
function handleSignals(config: Config, server: RunningServer, log: Log): (signal: NodeJS.Signals) => void {
  let ending = false;
  const exit = () => log.close().finally(() => process.exit(0));
  const end = (signal: NodeJS.Signals) => {
    // A second signal ends the process at once.
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
  const reload = (signal: NodeJS.Signals) => {
    if (ending) return;
    log.logger.info({ signal }, "signal received");
    server.reload().catch((error: unknown) => server.faults.record(error, { event: "reload" }));
  };
  process.on("SIGHUP", reload);
  return reload;
}
