import { defineConfig } from "vitest/config";

/** Tests whose files may share one process: they hold no global state. */
const shared = { isolate: false, testTimeout: 30_000, hookTimeout: 30_000 };

export default defineConfig({
  // `using` and `await using` are lowered: Node.js 20 has no syntax for them.
  oxc: { target: "node20" },
  test: {
    environment: "node",
    pool: "forks",
    maxWorkers: 2,
    // Tests of what the garbage collector must be able to take ask for a collection.
    execArgv: ["--expose-gc"],
    projects: [
      { extends: true, test: { name: "unit", include: ["src/**/*.test.ts"], ...shared } },
      { extends: true, test: { name: "bench", include: ["bench/**/*.test.ts"], ...shared } },
      {
        extends: true,
        test: { name: "end-to-end", include: ["test/**/*.test.ts"], testTimeout: 30_000, hookTimeout: 30_000 },
      },
    ],
  },
});
