// Clients of one process of `bench/returning.ts`: each is subscribed to one topic, and comes back by itself.
// Usage: bun bench/returning/clients.ts URL COUNT
// Prints `subscribed` for each client at first, and `back MS TRIES` each time that it is subscribed again.
import { connect } from "../../src/client/index.ts";

const [url = "", count = "0"] = process.argv.slice(2);
// It ends with the program that has started it.
process.stdin.on("end", () => process.exit()).resume();

for (let i = 0; i < Number(count); i++) {
  const client = connect(url);
  let tries = 0;
  client.on("state", ({ state }) => {
    if (state === "connecting") tries++;
  });
  // Refusals are what is looked at here.
  client.on("warning", () => {});
  client.on("gap", () => {
    // The server has restarted: its topic is another one.
    process.stdout.write(`back ${Date.now()} ${tries}\n`);
    tries = 0;
  });
  client
    .subscribe("returning", () => {})
    .ready.then(() => {
      process.stdout.write("subscribed\n");
      tries = 0;
    });
}
