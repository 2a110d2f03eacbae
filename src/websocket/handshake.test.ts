import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { describe, expect, test } from "vitest";
import { MemorySocket } from "../../test/websocket/memory-socket.ts";
import { acceptUpgrade, checkUpgrade, negotiateDeflate } from "./handshake.ts";

const HEADERS = {
  host: "localhost",
  upgrade: "websocket",
  connection: "Upgrade",
  "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
  "sec-websocket-version": "13",
};

function request(changes: NodeJS.Dict<string> = {}, method = "GET", version = "1.1"): IncomingMessage {
  const message = new IncomingMessage(new Socket());
  const [major = "", minor = ""] = version.split(".");
  message.method = method;
  message.httpVersion = version;
  message.httpVersionMajor = Number(major);
  message.httpVersionMinor = Number(minor);
  message.headers = { ...HEADERS, ...changes };
  return message;
}

describe("a request to upgrade", () => {
  test.each([
    [{}],
    [{ upgrade: "WebSocket" }],
    [{ upgrade: "h2c, websocket" }],
    [{ connection: "keep-alive, upgrade" }],
    [{ "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==" }],
  ])("is valid with %j", (changes) => {
    expect(checkUpgrade(request(changes))).toBeUndefined();
  });

  test.each([
    ["host", { host: undefined }],
    ["upgrade", { upgrade: undefined }],
    ["upgrade", { upgrade: "websocket2" }],
    ["upgrade", { upgrade: "h2c" }],
    ["connection", { connection: undefined }],
    ["connection", { connection: "keep-alive" }],
    ["version", { "sec-websocket-version": undefined }],
    ["version", { "sec-websocket-version": "8" }],
    ["version", { "sec-websocket-version": "13, 13" }],
    ["key", { "sec-websocket-key": undefined }],
    ["key", { "sec-websocket-key": "" }],
    ["key", { "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ" }],
    ["key", { "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZR==" }],
    ["key", { "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==, dGhlIHNhbXBsZSBub25jZQ==" }],
  ])("breaks the rule of the %s with %j", (problem, changes) => {
    expect(checkUpgrade(request(changes))).toBe(problem);
  });

  test("must be a GET of HTTP/1.1", () => {
    expect(checkUpgrade(request({}, "POST"))).toBe("method");
    expect(checkUpgrade(request({}, "GET", "1.0"))).toBe("http-version");
  });
});

describe("the response", () => {
  test("has the accept value of RFC 6455, section 1.3, and no extension or protocol", () => {
    const socket = new MemorySocket();
    acceptUpgrade(socket, request(), {});
    expect(socket.output.toString()).toBe(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
        "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
    );
  });

  test("names the protocol and the extension that were agreed on", () => {
    const socket = new MemorySocket();
    const deflate = negotiateDeflate("permessage-deflate");
    if (deflate === undefined) throw new Error("no agreement");
    acceptUpgrade(socket, request(), { protocol: "ringcast.v1", deflate });
    const lines = socket.output.toString().split("\r\n");
    expect(lines).toContain("Sec-WebSocket-Protocol: ringcast.v1");
    expect(lines).toContain(`Sec-WebSocket-Extensions: ${deflate.response}`);
  });
});
