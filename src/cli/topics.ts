import { InvalidArgumentError } from "@commander-js/extra-typings";
import { z } from "zod";
import { parseTopicTtl, TOPIC_TTL_RULE } from "../config/topic-ttl.ts";
import { EXIT, Failure } from "./exit.ts";
import { ask, expectIn, get } from "./http.ts";
import { serverVerb, withServer } from "./options.ts";
import { print, remark, table } from "./output.ts";
import { type ServerOptions, type Target, targetOf } from "./target.ts";

const topicsSchema = z.looseObject({
  topics: z.array(
    z.looseObject({
      name: z.string(),
      created_at: z.string(),
      message_count: z.number(),
      subscriber_count: z.number(),
    }),
  ),
});
const changedSchema = z.looseObject({ status: z.string() });

export function topicsCommand() {
  const command = serverVerb("topics")
    .option("--json", "print each topic as a JSON object on a line of its own")
    .action(list);
  const server = () => command.optsWithGlobals();
  command.addCommand(
    withServer(command.createCommand("create"))
      .summary("Create a topic")
      .argument("<name>", "its name")
      .option("--ttl <duration>", "how long it stays without a subscriber; or never", topicTtl)
      .action((name, { ttl }) => create(server(), name, ttl)),
  );
  command.addCommand(
    withServer(command.createCommand("delete"))
      .summary("Delete a topic, with its subscriptions")
      .argument("<name>", "its name")
      .action((name) => remove(server(), name)),
  );
  return command;
}

async function list({ json, ...server }: ServerOptions & { json?: boolean | undefined }): Promise<void> {
  const { topics } = await get(targetOf(server), "/topics", topicsSchema);
  if (json) {
    for (const topic of topics) await print(JSON.stringify(topic));
    return;
  }
  const rows = topics.map((topic) => [topic.name, topic.message_count, topic.subscriber_count, topic.created_at]);
  await print(table([["TOPIC", "MESSAGES", "SUBSCRIBERS", "CREATED"], ...rows]));
}

async function change(target: Target, method: string, path: string, body?: unknown): Promise<void> {
  expectIn(target, await ask(target, method, path, body), changedSchema);
}

/** Checks a time to live; the server reads it again. */
function topicTtl(text: string): string {
  if (parseTopicTtl(text) === undefined) throw new InvalidArgumentError(`It ${TOPIC_TTL_RULE}.`);
  return text;
}

async function create(server: ServerOptions, name: string, ttl: string | undefined): Promise<void> {
  await change(targetOf(server), "POST", "/topics", { name, ttl });
  remark(`created ${name}`);
}

async function remove(server: ServerOptions, name: string): Promise<void> {
  // URLs take these for path segments, even encoded: it would be another request.
  if (name === "." || name === "..") throw new Failure(EXIT.USAGE, `the topic ${name} can't be written in a URL`);
  await change(targetOf(server), "DELETE", `/topics/${encodeURIComponent(name)}`);
  remark(`deleted ${name}`);
}
