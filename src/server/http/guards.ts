import type { MiddlewareHandler } from "hono";
import { refusesAdministration, refusesSubscribe } from "../access/permissions.ts";
import type { HttpEnv } from "./context.ts";
import { refuseIf } from "./errors.ts";

// What a route asks of who makes a request. They stand before the route's validators: whether parameters and body are
// right is only for those to know who may ask at all.

/** For routes that manage topics and clients, make tokens or show statistics. */
export const administration: MiddlewareHandler<HttpEnv> = async (c, next) => {
  refuseIf(refusesAdministration(c.var.principal));
  await next();
};

/** For routes that show a topic, `{name}`, to those who may subscribe to it. */
export const subscription: MiddlewareHandler<HttpEnv> = async (c, next) => {
  refuseIf(refusesSubscribe(c.var.principal, c.req.param("name") ?? ""));
  await next();
};
