import { createServer } from "node:http";
import { Server } from "socket.io";

interface Message {
  readonly id: string;
  readonly payload: unknown;
}

interface FromClient {
  subscribe(topic: string, joined: () => void): void;
  publish(topic: string, message: Message): void;
}

interface ToClient {
  event(topic: string, message: Message): void;
}

const http = createServer();
const io = new Server<FromClient, ToClient>(http, {
  transports: ["websocket"],
  perMessageDeflate: false,
  serveClient: false,
});

// As Socket.IO's own advice on memory has it: the request of the handshake is not needed again.
io.engine.on("connection", (connection: { request: unknown }) => {
  connection.request = null;
});

io.on("connection", (socket) => {
  socket.on("subscribe", (topic, joined) => {
    void socket.join(topic);
    joined();
  });
  // A room's broadcast is encoded once for all of its members.
  socket.on("publish", (topic, message) => {
    io.to(topic).emit("event", topic, message);
  });
});

http.listen({ port: Number(process.argv[2]), host: "127.0.0.1", backlog: 4096 });
