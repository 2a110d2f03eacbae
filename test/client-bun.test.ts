import { testInProcess } from "./client-suite/process.ts";
import { findBun } from "./support/programs.ts";

const bun = findBun();

testInProcess("bun", [bun ?? "bun"], bun === undefined ? "it takes Bun, in its package or on the PATH" : undefined);
