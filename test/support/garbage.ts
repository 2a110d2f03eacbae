import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Has the engine collect all garbage now, without a flag at its start. */
export function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  if (typeof collect !== "function") throw new Error("the engine has no gc()");
  collect();
}
