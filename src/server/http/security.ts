import type { HttpApp } from "./context.ts";

/** Either way of presenting a key; for routes that need one. */
export const SECURITY: Record<string, string[]>[] = [{ ApiKey: [] }, { Bearer: [] }];

/** The same for event streams, where a browser can put a token only into the URL. */
export const STREAM_SECURITY: Record<string, string[]>[] = [...SECURITY, { TokenInUrl: [] }];

/** Describes the ways of presenting the key; Swagger's Authorize button offers them. */
export function describeSecurity(app: HttpApp): void {
  app.openAPIRegistry.registerComponent("securitySchemes", "ApiKey", {
    type: "apiKey",
    in: "header",
    name: "X-API-Key",
    description: "One of the server's API keys, where any are set",
  });
  app.openAPIRegistry.registerComponent("securitySchemes", "Bearer", {
    type: "http",
    scheme: "bearer",
    description: "The same key, or a token of POST /tokens, as Authorization: Bearer",
  });
  app.openAPIRegistry.registerComponent("securitySchemes", "TokenInUrl", {
    type: "apiKey",
    in: "query",
    name: "token",
    description: "A token of POST /tokens, for an EventSource, which can send no header",
  });
}
