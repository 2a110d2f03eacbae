import { expect, test } from "vitest";
import { fuzz } from "./fuzz.ts";

const SEQUENCES = 10_000;
const DEADLINE_MS = 20_000;

test("no input and no doing of the server breaks a connection's promises", async () => {
  const firstSeed = Math.floor(Math.random() * 1_000_000_000);
  const report = await fuzz(firstSeed, SEQUENCES, DEADLINE_MS);
  process.stdout.write(`${report.sequences} sequences from seed ${firstSeed}, ${report.messages} messages\n`);
  expect(report.failures).toEqual([]);
  expect(report.sequences).toBeGreaterThan(500);
}, 60_000);
