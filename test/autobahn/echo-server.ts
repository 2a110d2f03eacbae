import { createServer, STATUS_CODES } from "node:http";
import { acceptUpgrade, checkUpgrade, negotiateDeflate } from "../../src/websocket/handshake.ts";
import { WebSocketConnection } from "../../src/websocket/web-socket.ts";

// An echo server on the WebSocket layer. It listens on a free port of the loopback interface, prints the port, and
// ends when its standard input ends.

const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

const server = createServer((_request, response) => response.writeHead(426).end());

server.on("upgrade", (request, socket, head) => {
  const problem = checkUpgrade(request);
  if (problem !== undefined) {
    socket.end(`HTTP/1.1 400 ${STATUS_CODES[400]}\r\nConnection: close\r\n\r\n${problem}`);
    return;
  }
  const deflate = negotiateDeflate(request.headers["sec-websocket-extensions"]);
  acceptUpgrade(socket, request, deflate === undefined ? {} : { deflate });
  const options = { maxMessageBytes: MAX_MESSAGE_BYTES, deflate: deflate !== undefined };
  const connection = new WebSocketConnection(socket, head, options, {
    text: (bytes, start, end) => connection.sendText(bytes.toString("utf8", start, end)),
    binary: (bytes, start, end) => connection.sendBinary(bytes.subarray(start, end)),
    fragment() {},
    ping() {},
    pong() {},
    inputEnd() {},
    drained() {},
    closed() {},
    failed(error) {
      process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    },
  });
});

server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (typeof address === "object" && address !== null) process.stdout.write(`${address.port}\n`);
});

process.stdin.on("end", () => process.exit(0)).resume();
