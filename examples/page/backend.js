// A back end that serves a page and hands out tokens, so that the page never sees the API key.
// Run it with Node.js 20 or later, beside a server: RINGCAST_API_KEY=secret node examples/page/backend.js
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";

const RINGCAST = process.env.RINGCAST_URL ?? "http://localhost:8080";
const KEY = process.env.RINGCAST_API_KEY ?? "";
const FILES = {
  "/": ["text/html", new URL("index.html", import.meta.url)],
  // In a project of your own: the package's file, as your bundler finds it under "ringcast/client".
  "/client.js": ["text/javascript", new URL("../../dist/client/index.js", import.meta.url)],
  // The SDK loads this one where WebSockets are blocked.
  "/http-socket.js": ["text/javascript", new URL("../../dist/client/http-socket.js", import.meta.url)],
};

async function ask(path, body) {
  const headers = { "Content-Type": "application/json", "X-API-Key": KEY };
  const answer = await fetch(RINGCAST + path, { method: "POST", headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${path} was answered with ${answer.status}: ${await answer.text()}`);
  return answer.json();
}

/** Here you would look who is logged in, and allow just what that user may. */
async function login() {
  const { token } = await ask("/tokens", { client_id: "page", subscribe: ["orders"], ttl: "10m" });
  return { url: `${RINGCAST.replace(/^http/, "ws")}/ws`, token };
}

/** The answer to a request: its status, and perhaps a body with its type. */
async function answer({ method, url }) {
  const [type, file] = FILES[url] ?? [];
  if (method === "GET" && file !== undefined) return [200, type, await readFile(file)];
  if (method === "POST" && url === "/login") return [200, "application/json", JSON.stringify(await login())];
  if (method !== "POST" || url !== "/orders") return [404];
  // Something happens in the back end, and every open page shows it.
  await ask("/topics/orders/messages", { payload: { item: "coffee", at: new Date().toISOString() } });
  return [204];
}

const server = createServer((request, response) => {
  answer(request)
    .catch((error) => {
      console.error(error);
      // Ringcast is away: the page asks again.
      return [502];
    })
    .then(([status, type, body]) => {
      response.writeHead(status, type === undefined ? {} : { "Content-Type": `${type}; charset=utf-8` }).end(body);
    });
});
server.listen(Number(process.env.PORT ?? 3000), () => console.log(`http://localhost:${server.address().port}/`));
