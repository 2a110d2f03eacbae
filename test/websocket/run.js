// Runs a random test of the WebSocket layer by hand, for as many sequences as you like:
//
//     node test/websocket/run.js differential|fuzz [sequences] [first seed]
//
// differential compares the layer with the `ws` package, fuzz checks its properties. Exit status 1: failures, whose seeds
// are printed.
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const STEP = 50_000;
const FOLDER = fileURLToPath(new URL(".", import.meta.url));

async function load(name) {
  const outfile = join(FOLDER, `../../node_modules/.cache/ringcast/${name}.js`);
  await build({
    entryPoints: [join(FOLDER, `${name}.ts`)],
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    external: ["ws"],
    outfile,
    logLevel: "warning",
  });
  return import(pathToFileURL(outfile).href);
}

function add(sums, counts) {
  for (const [key, value] of counts) sums.set(key, (sums.get(key) ?? 0) + value);
}

function format(counts) {
  return [...counts].map(([key, value]) => `${key}: ${value}`).join(", ");
}

/** Calls `step` with the first seed and the number of sequences until all are done. Returns all failures. */
async function inSteps(count, firstSeed, step) {
  const failures = [];
  for (let done = 0; done < count; ) {
    const sequences = Math.min(STEP, count - done);
    failures.push(...(await step(firstSeed + done, sequences)));
    done += sequences;
    process.stdout.write(`${done} sequences from seed ${firstSeed}, ${failures.length} failures\n`);
  }
  return failures;
}

async function differential(count, firstSeed) {
  const { compare } = await load("differential");
  const explained = new Map();
  const codes = new Map();
  let events = 0;
  const failures = await inSteps(count, firstSeed, async (seed, sequences) => {
    const report = await compare(seed, sequences);
    events += report.events;
    add(explained, report.explained);
    add(codes, report.codes);
    return report.unexplained;
  });
  process.stdout.write(`${events} messages, pings and pongs\nclose codes ${format(codes)}\n`);
  process.stdout.write(`explained divergences ${format(explained)}\n`);
  return failures;
}

async function fuzz(count, firstSeed) {
  const module = await load("fuzz");
  let messages = 0;
  const failures = await inSteps(count, firstSeed, async (seed, sequences) => {
    const report = await module.fuzz(seed, sequences);
    messages += report.messages;
    return report.failures;
  });
  process.stdout.write(`${messages} messages\n`);
  return failures;
}

const tests = { differential, fuzz };
const [name = "", count = "1000000", firstSeed = "0"] = process.argv.slice(2);
const test = tests[name];
if (test === undefined) throw new Error("usage: node test/websocket/run.js differential|fuzz [sequences] [first seed]");
const failures = await test(Number(count), Number(firstSeed));
for (const failure of failures) process.stdout.write(`failure at the seed ${failure}\n`);
process.exitCode = failures.length > 0 ? 1 : 0;
