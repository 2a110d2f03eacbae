import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stopAllOnSignals } from "./children.ts";
import { mustFit, thisMachine } from "./machine.ts";
import { type Options, parseOptions, USAGE } from "./options.ts";
import { allPeers } from "./peers/catalogue.ts";
import { reportChart } from "./report/chart.ts";
import { type Report, reportJson } from "./report/json.ts";
import { targetsText, workloadText } from "./report/text.ts";
import { runAll } from "./rounds.ts";
import { choosePeers, chooseWorkloads } from "./selection.ts";
import { lookupIn } from "./summary.ts";
import { evaluate, neededFor, TARGETS } from "./targets.ts";
import { UsageError } from "./usage-error.ts";
import { allWorkloads } from "./workloads.ts";

const FULL = { timing: { warmUpMs: 5000, measureMs: 3000, settleMs: 2000 }, rounds: 3 } as const;
const QUICK = { timing: { warmUpMs: 800, measureMs: 1000, settleMs: 800 }, rounds: 2 } as const;

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

async function benchmark(options: Options): Promise<void> {
  const { timing, rounds: usualRounds } = options.quick ? QUICK : FULL;
  const rounds = options.rounds ?? usualRounds;
  const all = allWorkloads(timing);
  const chosen = options.targets
    ? chooseWorkloads(neededFor(TARGETS, all), { only: options.only, quick: false })
    : chooseWorkloads(all, options);
  const { peers, versions, skipped } = choosePeers(allPeers(options), options.peers);
  const startedAt = new Date().toISOString();
  for (const [name, version] of Object.entries(versions)) say(`${name}: ${version}`);
  for (const [name, why] of Object.entries(skipped)) say(`${name}: skipped, ${why}`);

  const workloads = await runAll(chosen, peers, rounds, options);
  const targets = evaluate(TARGETS, lookupIn(workloads));
  for (const summary of workloads) say(`\n${workloadText(summary)}`);
  say(`\n${targetsText(targets, options)}`);

  const { quick, batchedWrites } = options;
  const machine = thisMachine();
  write(options.out, {
    startedAt,
    machine,
    rounds,
    quick,
    batchedWrites,
    peers: versions,
    skipped,
    workloads,
    targets,
  });
}

function write(directory: string, report: Report): void {
  mkdirSync(directory, { recursive: true });
  const json = join(directory, "results.json");
  const chart = join(directory, "chart.svg");
  writeFileSync(json, reportJson(report));
  writeFileSync(chart, reportChart(report));
  say(`\nwritten: ${json}, ${chart}`);
}

async function main(options: Options): Promise<void> {
  if (options.help) return say(USAGE);
  mustFit(options);
  stopAllOnSignals();
  await benchmark(options);
}

try {
  await main(parseOptions(process.argv.slice(2)));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`bench: ${error.message}\n`);
  process.exitCode = 2;
}
