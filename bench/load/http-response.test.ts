import { expect, test } from "vitest";
import { HttpResponse } from "./http-response.ts";

function statuses(...chunks: readonly string[]): (number | undefined)[] {
  const response = new HttpResponse();
  return chunks.map((chunk) => response.take(Buffer.from(chunk)));
}

test("a response ends after as many bytes as its length says, wherever it is cut", () => {
  const head = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n";
  expect(statuses(`${head}\r\nhello`)).toEqual([200]);
  expect(statuses(head, "\r\nhel", "lo")).toEqual([undefined, undefined, 200]);
});

test("a chunked response ends with its last chunk", () => {
  const head = "HTTP/1.1 404 Not Found\r\ntransfer-encoding: chunked\r\n\r\n";
  expect(statuses(`${head}5\r\nhello\r\n`, "0\r\n\r\n")).toEqual([undefined, 404]);
});

test("the next response on the connection is read anew", () => {
  const empty = (status: string) => `HTTP/1.1 ${status}\r\ncontent-length: 0\r\n\r\n`;
  expect(statuses(empty("200 OK"), empty("429 Too Many Requests"))).toEqual([200, 429]);
});
