import { once } from "node:events";
import { connect, createServer } from "node:net";
import { expect, test } from "vitest";
import { countEstablished, establishedTo } from "./established.ts";

test("counts standing connections by their remote port", () => {
  const table = `  sl  local_address rem_address   st tx_queue rx_queue
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000
   1: 0100007F:C350 0100007F:1F90 01 00000000:00000000
   2: 0100007F:1F90 0100007F:C350 01 00000000:00000000
   3: 0100007F:C351 0100007F:1F90 08 00000000:00000000`;
  expect(countEstablished(table, 8080)).toBe(1);
  expect(countEstablished(table, 80)).toBe(0);
});

test("sees a connection of its own", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" ? (address?.port ?? 0) : 0;
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  expect(establishedTo(port)).toBe(1);
  socket.destroy();
  server.close();
  await once(server, "close");
});
