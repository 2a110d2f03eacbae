import { z } from "zod";
import { ask, expectIn } from "./http.ts";
import { serverVerb } from "./options.ts";
import { print, remark } from "./output.ts";
import { type ServerOptions, targetOf } from "./target.ts";

const tokenSchema = z.looseObject({ token: z.string(), expires_at: z.string() });

interface TokenOptions extends ServerOptions {
  readonly clientId?: string | undefined;
  readonly subscribe: readonly string[];
  readonly publish: readonly string[];
  readonly ttl: string;
  readonly json?: boolean | undefined;
}

export function tokenCommand() {
  return serverVerb("token")
    .option("--subscribe <topics...>", "what its holder may subscribe to: names, or beginnings such as 'chat/*'", [])
    .option("--publish <topics...>", "what its holder may publish to", [])
    .option("--client-id <id>", "the name that its holder goes by (default: a random one)")
    .option("--ttl <duration>", "how long it is valid, from 1s to 24h", "1h")
    .option("--json", "print the server's answer as it is")
    .action(token);
}

async function token({ clientId, json, publish, subscribe, ttl, ...server }: TokenOptions): Promise<void> {
  const target = targetOf(server);
  const body = { client_id: clientId ?? crypto.randomUUID(), subscribe, publish, ttl };
  const made = expectIn(target, await ask(target, "POST", "/tokens", body), tokenSchema);
  await print(json ? JSON.stringify(made) : made.token);
  remark(`valid until ${made.expires_at}`);
}
