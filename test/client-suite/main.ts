import { runScenario } from "./suite.ts";

// Runs one scenario in a process of its own: `main.js CLIENT NAME PLACE`, with the built SDK's path and the place as JSON.
const [, , client = "", name = "", place = ""] = process.argv;
const sdk = await import(client);
process.stdout.write(await runScenario(sdk, name, JSON.parse(place)));
