import * as sdk from "../src/client/index.ts";
import { runScenario } from "./client-suite/suite.ts";
import { testScenarios } from "./client-suite/tests.ts";

testScenarios({ runtime: "bun", run: (name, place) => runScenario(sdk, name, place) });
