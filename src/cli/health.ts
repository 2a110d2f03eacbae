import { z } from "zod";
import { EXIT, type ExitCode } from "./exit.ts";
import { ask, refusalOf } from "./http.ts";
import { serverVerb } from "./options.ts";
import { counted, print, printable } from "./output.ts";
import { type ServerOptions, targetOf } from "./target.ts";

const healthSchema = z.looseObject({
  status: z.string(),
  uptime_sec: z.number(),
  topics: z.number(),
  subscribers: z.number(),
  total_messages: z.number(),
});

export function healthCommand() {
  return serverVerb("health")
    .option("--json", "print the server's answer as it is")
    .action(async (options) => {
      process.exitCode = await health(options);
    });
}

async function health({ json, ...server }: ServerOptions & { json?: boolean | undefined }): Promise<ExitCode> {
  const target = targetOf(server);
  const answer = await ask(target, "GET", "/health");
  const { data } = healthSchema.safeParse(answer.body);
  if (data === undefined) throw refusalOf(target, answer);
  const text = `${data.status}: up ${data.uptime_sec} s, ${counted(data.topics, "topic")}, ${counted(data.subscribers, "subscriber")}, ${counted(data.total_messages, "message")}`;
  await print(json ? JSON.stringify(data) : printable(text));
  return answer.status === 200 ? EXIT.DONE : EXIT.FAILURE;
}
