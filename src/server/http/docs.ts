import { z } from "@hono/zod-openapi";
import { assetResponse, loadAssets } from "./assets.ts";
import { asyncApiDocument } from "./asyncapi.ts";
import type { HttpApp, HttpOptions, HttpPorts } from "./context.ts";
import { madeOnce } from "./made-once.ts";

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Ringcast API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="swagger-ui-bundle.js"></script>
<script src="start.js"></script>
</body>
</html>
`;

// The validator badge would ask a public service about this document.
const START_SCRIPT = `SwaggerUIBundle({
  url: "doc.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  validatorUrl: null,
  persistAuthorization: true,
});
`;

const CONTENT_SECURITY_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; font-src 'self' data:; base-uri 'none'; frame-ancestors 'none'";

/** The descriptions themselves, as routes for the OpenAPI document. */
const DESCRIPTION_ROUTES = [
  { path: "/swagger/doc.json", summary: "This description (OpenAPI 3.1)" },
  { path: "/asyncapi.json", summary: "The description of the WebSocket protocol (AsyncAPI 3)" },
];

/** Whether a path is one of the documentation pages, which everyone may read. */
export function isDocsPath(path: string): boolean {
  return ["/asyncapi.json", "/docs", "/swagger"].includes(path) || path.startsWith("/swagger/");
}

function openApiDocument(app: HttpApp, version: string) {
  return app.getOpenAPI31Document({
    openapi: "3.1.0",
    info: {
      title: "Ringcast API",
      version,
      description: "Manages topics and shows what goes on. Messages themselves go over the WebSocket at /ws.",
      license: { name: "MIT" },
    },
    servers: [{ url: "/" }],
  });
}

/** Adds the documentation: Swagger UI with all its assets, and the two descriptions. */
export function addDocsRoutes(app: HttpApp, options: HttpOptions, { version }: HttpPorts): void {
  const asyncApi = asyncApiDocument(version, options.ringBufferSize);
  // Made at the first request, when every route has been added.
  let openApi: ReturnType<typeof openApiDocument> | undefined;
  app.get("/swagger/doc.json", () => {
    openApi ??= openApiDocument(app, version);
    return Response.json(openApi);
  });
  app.get("/asyncapi.json", () => Response.json(asyncApi));
  for (const { path, summary } of DESCRIPTION_ROUTES) {
    const content = { "application/json": { schema: z.looseObject({}) } };
    const responses = { 200: { description: "The document", content } };
    app.openAPIRegistry.registerPath({ method: "get", path, tags: ["Documentation"], summary, responses });
  }

  app.get("/docs", (c) => c.redirect("/swagger/", 302));
  app.get("/swagger", (c) => c.redirect("/swagger/", 308));
  app.get("/swagger/", (c) => c.html(PAGE, 200, { "Content-Security-Policy": CONTENT_SECURITY_POLICY }));
  app.get("/swagger/index.html", (c) => c.redirect("/swagger/", 308));
  app.get("/swagger/start.js", (c) => c.body(START_SCRIPT, 200, { "Content-Type": "text/javascript; charset=utf-8" }));
  const assets = madeOnce(() => loadAssets("swagger"));
  app.get("/swagger/:file", async (c) => {
    const asset = (await assets()).get(c.req.param("file"));
    return asset === undefined ? c.notFound() : assetResponse(asset, c.req.header("accept-encoding"));
  });
}
