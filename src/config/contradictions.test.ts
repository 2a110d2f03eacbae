import { describe, expect, test } from "vitest";
import { parseCommand } from "./arguments.ts";

function messageOf(argv: readonly string[], environment: Record<string, string> = {}): string {
  const command = parseCommand(argv, environment);
  return command.kind === "invalid" ? command.message : "accepted";
}

describe("the ping interval", () => {
  test.each([
    ["60s", "60s"],
    ["60001ms", "60s"],
  ])("%s is refused with a pong wait of %s", (ping, pong) => {
    const message = messageOf([`-ping-interval=${ping}`, `-pong-wait=${pong}`]);
    expect(message).toMatch(/^-ping-interval must be shorter than -pong-wait/);
    expect(messageOf([], { PING_INTERVAL: ping, PONG_WAIT: pong })).toBe(message);
  });

  test("may be just shorter than the pong wait", () => {
    expect(messageOf(["-ping-interval=59999ms", "-pong-wait=60s"])).toBe("accepted");
  });
});

test("a certificate and its key need each other", () => {
  const config = { tlsCert: "/etc/tls/cert.pem", tlsKey: "/etc/tls/key.pem" };
  const environment = { TLS_CERT: "/etc/tls/cert.pem" };
  expect(parseCommand(["-tls-key=/etc/tls/key.pem"], environment)).toMatchObject({ kind: "run", config });
  for (const refused of [parseCommand([], environment), parseCommand(["-tls-key=key.pem"], {})]) {
    expect(refused).toEqual({ kind: "invalid", message: "-tls-cert and -tls-key need each other" });
  }
});
