import { TRANSPORTS } from "./subscriber.ts";

// A process of its own, for another host: subscribes to the topic t by the transport, says so, and then how many pings have come.

const [name, host, port] = process.argv.slice(2);
const transport = TRANSPORTS.find((each) => each.name === name);
if (transport === undefined) throw new Error(`there is no transport ${name}`);
const { subscriber } = await transport.subscribe(Number(port), "t", { host: host ?? "" });
process.stdout.write("subscribed\n");
let told = 0;
setInterval(() => {
  for (; told < subscriber.pings; told++) process.stdout.write("pinged\n");
}, 10);
