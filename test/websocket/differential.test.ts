import { expect, test } from "vitest";
import { compare } from "./differential.ts";

const SEQUENCES = 20_000;
const DEADLINE_MS = 30_000;

test("the ws package hands over, answers and closes the same, save for the divergences explained", async () => {
  const firstSeed = Math.floor(Math.random() * 1_000_000_000);
  const report = await compare(firstSeed, SEQUENCES, DEADLINE_MS);
  process.stdout.write(`${report.sequences} sequences from seed ${firstSeed}, ${report.events} events\n`);
  expect(report.unexplained, `seeds, of ${report.sequences} from ${firstSeed}`).toEqual([]);
  expect(report.sequences).toBeGreaterThan(1000);
}, 60_000);
