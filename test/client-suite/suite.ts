import { CHAOS, CHAOS_BY_HTTP } from "./chaos.ts";
import type { Place, Scenario, Sdk } from "./context.ts";
import { LIMITS } from "./limits.ts";
import { LOGIN } from "./login.ts";
import { REFUSALS } from "./refusals.ts";
import { SUBSCRIPTIONS } from "./subscriptions.ts";

/** What the SDK is to show, in every runtime, by name. */
export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  ...CHAOS,
  ...CHAOS_BY_HTTP,
  ...SUBSCRIPTIONS,
  ...LIMITS,
  ...LOGIN,
  ...REFUSALS,
};

/** Runs a scenario by its name; resolves with what is worth printing. */
export function runScenario(sdk: Sdk, name: string, place: Place): Promise<string> {
  const scenario = SCENARIOS[name];
  if (scenario === undefined) throw new Error(`there is no scenario ${name}`);
  return scenario.run(sdk, place);
}
