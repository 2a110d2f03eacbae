import { Refusal } from "../../protocol/errors.ts";
import type { Principal } from "./principal.ts";

// What each request needs, said once for every way in. Each function returns why it is refused, or undefined.

/** For publishing to a topic. */
export function refusesPublish(principal: Principal, topic: string): Refusal | undefined {
  if (principal.mayPublish(topic)) return undefined;
  return new Refusal("FORBIDDEN", "publishing to this topic is not allowed to you");
}

/** For subscribing to a topic, and for what only its subscribers may see. */
export function refusesSubscribe(principal: Principal, topic: string): Refusal | undefined {
  if (principal.maySubscribe(topic)) return undefined;
  return new Refusal("FORBIDDEN", "subscribing to this topic is not allowed to you");
}

/** For going by a client id. */
export function refusesClientId(principal: Principal, clientId: string): Refusal | undefined {
  if (principal.clientId === undefined || principal.clientId === clientId) return undefined;
  return new Refusal("FORBIDDEN", "client_id is not the one that your token names");
}

/** For managing topics, making tokens, and seeing statistics. */
export function refusesAdministration(principal: Principal): Refusal | undefined {
  if (principal.isAdmin) return undefined;
  return new Refusal("FORBIDDEN", "this needs an API key of the role admin");
}
