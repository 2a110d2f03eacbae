import { parseArgs } from "node:util";
import { UsageError } from "./usage-error.ts";

/** What the command line asks for. */
export interface Options {
  readonly quick: boolean;
  /** Names of workloads, or beginnings of names; empty for all. */
  readonly only: readonly string[];
  /** Names of peers; empty for all. */
  readonly peers: readonly string[];
  readonly rounds: number | undefined;
  readonly out: string;
  /** Whether only those workloads and peers run that the targets need. */
  readonly targets: boolean;
  /** The program that Node and Bun run instead of this checkout's. */
  readonly ringcast: string | undefined;
  /** The program of an older build, which starts by itself. */
  readonly before: string | undefined;
  /** The Node.js to run servers with; undefined: the newest at hand. */
  readonly node: string | undefined;
  readonly batchedWrites: boolean;
  readonly serverCpu: number;
  readonly loadCpu: number;
  readonly help: boolean;
}

/** What `--help` prints. */
export const USAGE = `npm run bench -- [options]

  --quick              the workloads of the chart, in short runs
  --targets            only the workloads and peers that the targets need
  --only=a,b           workloads by name or by the beginning of their names
  --peers=a,b          peers by name
  --rounds=N           rounds (3; --quick: 2)
  --out=DIR            where results.json and chart.svg go (bench/results)
  --ringcast=FILE      the program that Node and Bun run (bin/ringcast of this checkout)
  --before=FILE        an older build to compare with, which starts by itself: its bin/ringcast
  --node=FILE          the Node.js that runs Ringcast, Socket.IO and ws (the newest at hand)
  --batched-writes     publishers write at once all that their window allows
  --server-cpu=N       the CPU for servers (1)
  --load-cpu=N         the CPU for the load (0)
`;

/** Parses the command line; throws a UsageError that says what is wrong with it. */
export function parseOptions(args: readonly string[]): Options {
  const values = read(args);
  return {
    quick: values.quick,
    only: list(values.only),
    peers: list(values.peers),
    rounds: values.rounds === undefined ? undefined : wholeNumber("rounds", values.rounds, 1, 100),
    out: values.out,
    targets: values.targets,
    ringcast: values.ringcast,
    before: values.before,
    node: values.node,
    batchedWrites: values["batched-writes"],
    serverCpu: wholeNumber("server-cpu", values["server-cpu"], 0, 1023),
    loadCpu: wholeNumber("load-cpu", values["load-cpu"], 0, 1023),
    help: values.help,
  };
}

function list(text: string): string[] {
  return text.split(",").filter((word) => word !== "");
}

function wholeNumber(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new UsageError(`--${name} must be a whole number from ${least} to ${most}`);
}

function read(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        quick: { type: "boolean", default: false },
        only: { type: "string", default: "" },
        peers: { type: "string", default: "" },
        rounds: { type: "string" },
        out: { type: "string", default: "bench/results" },
        targets: { type: "boolean", default: false },
        ringcast: { type: "string" },
        before: { type: "string" },
        node: { type: "string" },
        "batched-writes": { type: "boolean", default: false },
        "server-cpu": { type: "string", default: "1" },
        "load-cpu": { type: "string", default: "0" },
        help: { type: "boolean", default: false },
      },
    }).values;
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
  }
}
