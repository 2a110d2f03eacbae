import { expect, test } from "bun:test";
import { firstSteps } from "./snippets.ts";

const codeOf = (...given: Parameters<typeof firstSteps>) => firstSteps(...given).map(({ code }) => code);

test("the first steps lead to this server, over TLS where the page came so", () => {
  const [receive, publish, code] = codeOf("https://example.com", false);
  expect(receive).toContain("--url https://example.com");
  expect(publish).toStartWith("curl https://example.com/topics/hello/messages \\\n");
  expect(code).toContain(`connect("wss://example.com/ws");`);
});

test("a key that is needed stands there by the name of a variable", () => {
  const [, publish, code] = codeOf("http://localhost:8080", true);
  expect(publish).toContain(`-H "X-API-Key: $RINGCAST_API_KEY"`);
  expect(code).toContain("apiKey: process.env.RINGCAST_API_KEY");
  expect(codeOf("http://localhost:8080", false).join()).not.toContain("API");
});
