import { testInProcess } from "./client-suite/process.ts";

testInProcess("bun", [process.execPath]);
