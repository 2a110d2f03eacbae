import { expect, test } from "vitest";
import type { Happening } from "../../../protocol/system.ts";
import type { Told } from "../../history.ts";
import { choose, countCodes, countLevels } from "./events-filter.ts";

const told = (id: string, happening: Partial<Happening>): Told => ({
  id,
  atMs: 0,
  happening: { code: "BAD_REQUEST", level: "warning", message: "payload: is required", count: 1, ...happening },
});

const LIST = [
  told("a", { code: "SERVER_STARTED", level: "info", message: "the server has started" }),
  told("b", { topic: "orders", client: 17, address: "10.0.0.7" }),
  told("c", { topic: "Prices" }),
  told("d", { code: "SLOW_CONSUMER", level: "error", message: "the client does not read", client: 17 }),
];
const idsOf = (...given: Parameters<typeof choose>) => choose(...given).map(({ id }) => id);
const ANY = { level: undefined, code: undefined, text: "" };

test("everything is shown until something is asked for", () => {
  expect(idsOf(LIST, ANY)).toEqual(["a", "b", "c", "d"]);
  expect(idsOf(LIST, { ...ANY, text: "  " })).toEqual(["a", "b", "c", "d"]);
});

test("level, code and text all have to fit", () => {
  expect(idsOf(LIST, { ...ANY, level: "warning" })).toEqual(["b", "c"]);
  expect(idsOf(LIST, { ...ANY, code: "SLOW_CONSUMER" })).toEqual(["d"]);
  expect(idsOf(LIST, { ...ANY, level: "warning", text: "prices" })).toEqual(["c"]);
  expect(idsOf(LIST, { ...ANY, level: "info", code: "BAD_REQUEST" })).toEqual([]);
});

test("words are looked for in message, code, topic, address and client", () => {
  for (const text of ["ORDERS", "10.0.0", "bad_req", "required 17"])
    expect(idsOf(LIST, { ...ANY, text })).toContain("b");
  expect(idsOf(LIST, { ...ANY, text: "orders nowhere" })).toEqual([]);
});

test("levels and codes are counted", () => {
  expect(countLevels(LIST)).toEqual({ info: 1, warning: 2, error: 1 });
  expect(countCodes(LIST)).toEqual([
    ["BAD_REQUEST", 2],
    ["SERVER_STARTED", 1],
    ["SLOW_CONSUMER", 1],
  ]);
});
