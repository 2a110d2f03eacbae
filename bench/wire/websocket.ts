const FIN = 0x80;
const TEXT = 0x1;
const BINARY = 0x2;
const MASKED = 0x80;

/** The HTTP request that turns a TCP connection to a peer into a WebSocket. */
export function upgradeRequest(path: string): Buffer {
  const lines = [
    `GET ${path} HTTP/1.1`,
    "Host: 127.0.0.1",
    "Upgrade: websocket",
    "Connection: Upgrade",
    // Any 16 bytes do: the key is there to recognise caches, and the load checks none of it.
    `Sec-WebSocket-Key: ${Buffer.from("ringcast-bench-0").toString("base64")}`,
    "Sec-WebSocket-Version: 13",
  ];
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n`);
}

/** A client's text message as one WebSocket frame. */
export function textFrame(text: string): Buffer {
  return frame(TEXT, Buffer.from(text));
}

/** A client's binary message as one WebSocket frame. */
export function binaryFrame(text: string): Buffer {
  return frame(BINARY, Buffer.from(text));
}

/**
 * A client must mask what it sends. The key zero is a legal key and leaves the payload as it is: the load saves the
 * work, and can patch a marker in place, while the server does all of its unmasking.
 */
function frame(opcode: number, payload: Buffer): Buffer {
  const key = Buffer.alloc(4);
  return Buffer.concat([Buffer.from([FIN | opcode]), lengthField(payload.length), key, payload]);
}

function lengthField(length: number): Buffer {
  if (length < 126) return Buffer.from([MASKED | length]);
  if (length < 65_536) {
    const field = Buffer.from([MASKED | 126, 0, 0]);
    field.writeUInt16BE(length, 1);
    return field;
  }
  const field = Buffer.alloc(9);
  field[0] = MASKED | 127;
  field.writeBigUInt64BE(BigInt(length), 1);
  return field;
}
