import { deferred } from "../client/deferred.ts";
import type { Gap, RingcastEvent } from "../client/index.ts";
import { EXIT, type ExitCode } from "./exit.ts";
import { untilInterrupted } from "./interruption.ts";
import { openLink } from "./link.ts";
import { integer, serverVerb } from "./options.ts";
import { counted, onOneLine, print, printable, styled, talk } from "./output.ts";
import { type ServerOptions, targetOf } from "./target.ts";

interface SubOptions extends ServerOptions {
  readonly last: number;
  readonly count?: number | undefined;
  readonly json?: boolean | undefined;
  readonly wait?: boolean | undefined;
}

export function subCommand() {
  return serverVerb("sub")
    .argument("<topic...>", "the topics")
    .option("--last <n>", "begin with the last messages that each topic holds", integer(0, 1_000_000), 0)
    .option("--count <n>", "end after so many events", integer(1, Number.MAX_SAFE_INTEGER))
    .option("--json", "print each event as a JSON object on a line of its own, and gaps too")
    .option("--wait", "wait for a server that is not there yet")
    .action(async (topics, options) => {
      process.exitCode = await sub(topics, options);
    });
}

/** JSON as it is, but on a terminal nothing that it might obey. */
function safe(json: string): string {
  return process.stdout.isTTY ? printable(json) : json;
}

/** An event as one line of JSON. The payload is the publisher's own text. */
function eventJson({ epoch, id, offset, payload, topic, ts }: RingcastEvent<string>): string {
  const json = `{"topic":${JSON.stringify(topic)},"id":${JSON.stringify(id)},"payload":${onOneLine(payload)},"epoch":"${epoch}","offset":${offset},"ts":"${ts}"}`;
  return safe(json);
}

function eventText({ offset, payload, topic, ts }: RingcastEvent<string>): string {
  return `${styled("dim", ts)} ${styled("cyan", printable(topic))} ${styled("yellow", String(offset))} ${printable(onOneLine(payload))}`;
}

function gapText({ from, reason, to, topic }: Gap): string {
  switch (reason) {
    case "recreated":
      return `the topic ${topic} was recreated; messages after offset ${from - 1} of the old one may be lost`;
    case "expired":
    case "dropped":
    case "invalid":
      return `lost ${from === to ? `offset ${from}` : `offsets ${from} to ${to}`} of the topic ${topic} (${reason})`;
  }
}

async function sub(topics: readonly string[], options: SubOptions): Promise<ExitCode> {
  const { count = Number.POSITIVE_INFINITY, json = false, last, wait = false } = options;
  const interrupted = untilInterrupted();
  const { client, failed } = openLink(targetOf(options), {}, wait);
  let eventCount = 0;
  let gapCount = 0;
  client.on("gap", (gap) => {
    gapCount++;
    const { epoch, from, reason, to, topic } = gap;
    if (json) process.stdout.write(`${safe(JSON.stringify({ gap: { topic, epoch, from, to, reason } }))}\n`);
    else talk(gapText(gap));
  });
  const enough = deferred<void>();
  const follow = async (topic: string) => {
    const stream = client.subscribe<string>(topic, { lastN: last, parse: (text) => text });
    for await (const event of stream) {
      if (eventCount >= count) return;
      const isLast = ++eventCount >= count;
      await print(json ? eventJson(event) : eventText(event));
      if (isLast) enough.resolve();
    }
    const error = await stream.ended;
    if (error !== undefined) talk(error.message);
  };
  const all = Promise.all([...new Set(topics)].map(follow));
  const exitCode = await Promise.race([interrupted, failed, enough.promise, all.then(() => {})]).finally(() => {
    all.catch(() => {});
    return client.close(0);
  });
  if (exitCode !== undefined) {
    talk(`${counted(eventCount, "event")}${gapCount > 0 ? `, ${counted(gapCount, "gap")}` : ""}`);
    return exitCode;
  }
  return gapCount > 0 || (count !== Number.POSITIVE_INFINITY && eventCount < count) ? EXIT.FAILURE : EXIT.DONE;
}
