import { z } from "@hono/zod-openapi";
import { topicNameSchema } from "../../protocol/messages.ts";

/** The topic that a path names. */
export const topicPath = z.object({ name: topicNameSchema });

function numberUpTo(max: number) {
  const error = `must be an integer from 0 to ${max}`;
  return z
    .string()
    .regex(/^\d{1,16}$/, { error })
    .transform(Number)
    .refine((value) => value <= max, { error })
    .openapi({ type: "integer", minimum: 0, maximum: max });
}

/** A number in a query, from 0 to `max`; it may be absent. */
export function wholeNumber(max: number) {
  return numberUpTo(max).optional();
}

/** The event that a path names, by topic and offset. */
export const eventPath = topicPath.extend({
  offset: numberUpTo(Number.MAX_SAFE_INTEGER).openapi({ examples: [1] }),
});
