import { fitsCommandLine, operands, remark, shellWord } from "./shell-words.ts";
import type { Replay, Wish } from "./wish.ts";

// What a form asks for, said in other ways: for a shell, or in a program. Topics and payloads may be anything.

/** The ways in which a wish can be copied, by what the user sees. */
export const LANGUAGES = [
  { value: "curl", label: "curl" },
  { value: "cli", label: "CLI" },
  { value: "sdk", label: "TypeScript" },
] as const;
export type Language = (typeof LANGUAGES)[number]["value"];

/** The server that a snippet is for. */
export interface Target {
  /** Its root, such as `http://localhost:8080`. */
  readonly origin: string;
  readonly keyNeeded: boolean;
}

type Publish = Extract<Wish, { type: "publish" }>;
type Subscribe = Extract<Wish, { type: "subscribe" }>;

const TOO_LONG = remark("This payload is longer than a command line takes.");

/** The key stands in a variable: it belongs neither into a page's text nor into a shell's history. */
const KEY_HEADER = '-H "X-API-Key: $RINGCAST_API_KEY"';

/** A line for each option, as they get long. */
function curl({ keyNeeded }: Target, url: string, ...options: readonly string[]): string {
  return [url, ...(keyNeeded ? [KEY_HEADER] : []), ...options].join(" \\\n  ");
}

/** A topic as a part of a path; undefined where no URL can carry it there: dots are resolved, even encoded. */
function pathPart(topic: string): string | undefined {
  return topic === "." || topic === ".." || !topic.isWellFormed() ? undefined : encodeURIComponent(topic);
}

function curlPublish(target: Target, { dedupe, id, payload, topic }: Publish): string {
  const part = pathPart(topic);
  if (part === undefined) return remark("No path of a URL can carry this topic's name; the command can publish to it.");
  if (!fitsCommandLine(payload)) return TOO_LONG;
  const body = `{${id === "" ? "" : `"id":${JSON.stringify(id)},`}"payload":${payload}}`;
  const url = `${target.origin}/topics/${part}/messages${dedupe ? "?dedupe=true" : ""}`;
  const type = "-H 'Content-Type: application/json'";
  return curl(target, `curl ${shellWord(url)}`, type, `--data-raw ${shellWord(body)}`);
}

function historyQuery(replay: Replay): string {
  switch (replay.kind) {
    case "none":
      return "";
    case "last":
      return `?last_n=${replay.count}`;
    case "since":
      return `?epoch=${encodeURIComponent(replay.epoch)}&offset=${replay.offset}`;
  }
}

function curlSubscribe(target: Target, { replay, topic }: Subscribe): string {
  const part = pathPart(topic);
  if (part === undefined)
    return remark("No path of a URL can carry this topic's name; the command can subscribe to it.");
  const url = `${target.origin}/topics/${part}`;
  const lastN = replay.kind === "last" ? `?last_n=${replay.count}` : "";
  const stream = curl(target, `curl -N ${shellWord(`${url}/events${lastN}`)}`);
  const history = curl(target, `curl ${shellWord(`${url}/messages${historyQuery(replay)}`)}`);
  return [remark("What comes, as it comes"), stream, remark("What the topic holds"), history].join("\n");
}

/** The default of the command needs no words. */
function urlOption({ origin }: Target): string {
  return origin === "http://localhost:8080" ? "" : `--url ${shellWord(origin)} `;
}

/** The command takes the key from the variable by itself. */
function cliPublish(target: Target, { dedupe, id, payload, topic }: Publish): string {
  if (!fitsCommandLine(payload)) return TOO_LONG;
  const command = `ringcast pub ${urlOption(target)}${operands(topic, payload)}`;
  const lost = id !== "" || dedupe;
  return lost ? `${remark("The command gives each message an id of its own.")}\n${command}` : command;
}

function cliSubscribe(target: Target, { replay, topic }: Subscribe): string {
  const last = replay.kind === "last" ? `--last ${replay.count} ` : "";
  const command = `ringcast sub ${last}${urlOption(target)}${operands(topic)}`;
  if (replay.kind !== "since") return command;
  return `${remark("The command has no flag for an epoch: --last N replays instead.")}\n${command}`;
}

/** A payload as code. What a literal would not keep as it is, such as a 64-bit integer, stays JSON text. */
function sdkPayload(payload: string): { readonly code: string; readonly isRaw: boolean } {
  const value: unknown = JSON.parse(payload);
  // `__proto__` in a literal is no key.
  const isSame = JSON.stringify(value) === payload && !payload.includes("__proto__");
  return isSame ? { code: payload, isRaw: false } : { code: JSON.stringify(payload), isRaw: true };
}

function sdkConnect({ keyNeeded, origin }: Target): string {
  const key = keyNeeded ? ', { apiKey: process.env.RINGCAST_API_KEY ?? "" }' : "";
  const url = `${origin.replace(/^http/, "ws")}/ws`;
  return `import { connect } from "ringcast/client";\n\nconst client = connect(${JSON.stringify(url)}${key});`;
}

function sdkPublish(target: Target, { dedupe, id, payload, topic }: Publish): string {
  const { code, isRaw } = sdkPayload(payload);
  const options = [
    ...(isRaw ? ["raw: true"] : []),
    ...(id === "" ? [] : [`id: ${JSON.stringify(id)}`]),
    ...(dedupe ? ["dedupe: true"] : []),
  ];
  const last = options.length === 0 ? "" : `, { ${options.join(", ")} }`;
  const call = `const { offset } = await client.publish(${JSON.stringify(topic)}, ${code}${last});`;
  return `${sdkConnect(target)}\n${call}\nconsole.log(offset);\nawait client.close();`;
}

function sdkReplay(replay: Replay): string {
  switch (replay.kind) {
    case "none":
      return "";
    case "last":
      return `, { lastN: ${replay.count} }`;
    case "since":
      return `, { since: { epoch: ${JSON.stringify(replay.epoch)}, offset: ${replay.offset} } }`;
  }
}

function sdkSubscribe(target: Target, { replay, topic }: Subscribe): string {
  const events = `client.subscribe(${JSON.stringify(topic)}${sdkReplay(replay)})`;
  const loop = `for await (const { offset, payload } of ${events}) {\n  console.log(offset, payload);\n}`;
  return `${sdkConnect(target)}\n${loop}`;
}

/**
 * A wish as something to copy: a command for sh, bash or zsh, or a module in TypeScript. It never has the key in it.
 * @param wish its payload must be JSON
 */
export function snippet(language: Language, target: Target, wish: Wish): string {
  switch (language) {
    case "curl":
      return wish.type === "publish" ? curlPublish(target, wish) : curlSubscribe(target, wish);
    case "sdk":
      return wish.type === "publish" ? sdkPublish(target, wish) : sdkSubscribe(target, wish);
    case "cli":
      return wish.type === "publish" ? cliPublish(target, wish) : cliSubscribe(target, wish);
  }
}
