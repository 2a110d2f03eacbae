import { expect, test } from "vitest";
import type { Peer } from "./peers/peer.ts";
import { choosePeers, chooseWorkloads } from "./selection.ts";
import { allWorkloads } from "./workloads.ts";

const WORKLOADS = allWorkloads({ warmUpMs: 1, measureMs: 1, settleMs: 1 });

function chosen(only: readonly string[], quick = false): string[] {
  return chooseWorkloads(WORKLOADS, { only, quick }).map(({ name }) => name);
}

function peer(name: Peer["name"], there: boolean): Peer {
  const find = () => (there ? { version: "1" } : { missing: "gone" });
  return { name, keepsHistory: false, find, command: () => [] };
}

test("without names, a quick run has the workloads with targets and a full run all", () => {
  expect(chosen([], true)).toEqual(["one-to-one", "pairs", "fanout-100", "fanout-1000", "paced-100", "idle"]);
  expect(chosen([])).toHaveLength(WORKLOADS.length);
});

test("a whole name is one workload, a beginning is all that begin so", () => {
  expect(chosen(["fanout-100"])).toEqual(["fanout-100"]);
  expect(chosen(["stalled", "pairs"])).toEqual(["pairs", "stalled-0", "stalled-100", "stalled-500"]);
});

test("unknown names are refused with the known ones", () => {
  expect(() => chosen(["nonsense"])).toThrow("unknown workload nonsense; there are one-to-one");
  expect(() => choosePeers([peer("redis", true)], ["rediss"])).toThrow("unknown peer rediss; there are redis");
});

test("a peer that is missing is skipped with the reason", () => {
  const { peers, versions, skipped } = choosePeers([peer("redis", true), peer("nats", false)], []);
  expect(peers.map(({ name }) => name)).toEqual(["redis"]);
  expect(versions).toEqual({ redis: "1" });
  expect(skipped).toEqual({ nats: "gone" });
});
