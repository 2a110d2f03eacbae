import { once } from "node:events";
import { connect } from "node:net";
import { expect, test } from "vitest";
import { WebSocketServer } from "ws";
import { binaryFrame, textFrame, upgradeRequest } from "./websocket.ts";

test("a short message has its length in the second byte, and a zero mask", () => {
  expect([...textFrame("Hi")]).toEqual([0x81, 0x82, 0, 0, 0, 0, 0x48, 0x69]);
  expect([...binaryFrame("")]).toEqual([0x82, 0x80, 0, 0, 0, 0]);
});

test("the length's field grows at 126 and at 65536 bytes", () => {
  expect([...textFrame("x".repeat(125)).subarray(0, 2)]).toEqual([0x81, 0x80 | 125]);
  expect([...textFrame("x".repeat(126)).subarray(0, 4)]).toEqual([0x81, 0x80 | 126, 0, 126]);
  expect([...textFrame("x".repeat(65_535)).subarray(0, 4)]).toEqual([0x81, 0x80 | 126, 255, 255]);
  expect([...textFrame("x".repeat(65_536)).subarray(0, 10)]).toEqual([0x81, 0x80 | 127, 0, 0, 0, 0, 0, 1, 0, 0]);
  expect(textFrame("x".repeat(65_536)).length).toBe(10 + 4 + 65_536);
});

test("the length counts bytes, not characters", () => {
  expect(textFrame("é")[1]).toBe(0x80 | 2);
});

test("a server takes the request and the frames", async () => {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  await once(server, "listening");
  const address = server.address();
  const socket = connect(typeof address === "object" ? (address?.port ?? 0) : 0, "127.0.0.1");
  socket.write(upgradeRequest("/"));
  socket.once("data", () => socket.write(textFrame("grüße")));
  const [accepted] = await once(server, "connection");
  expect(String((await once(accepted, "message"))[0])).toBe("grüße");
  socket.destroy();
  server.close();
  await once(server, "close");
});
