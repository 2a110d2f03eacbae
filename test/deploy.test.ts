import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { z } from "zod";
import { parseDuration } from "../src/config/duration.ts";
import { OPTIONS } from "../src/config/options.ts";
import { runChild } from "./support/child.ts";
import { findProgram } from "./support/programs.ts";
import { ROOT, ServerProcess } from "./support/server-process.ts";

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

// What stands in deploy/ fits the server: names of metrics, times of the shutdown, paths of the probes.

const DEPLOY = join(ROOT, "deploy");
let known: Set<string>;

beforeAll(async () => {
  await using server = await ServerProcess.start(["-metrics-topics=t"]);
  await server.post("/topics", { name: "t" });
  const text = await (await server.fetch("/metrics")).text();
  known = new Set([...text.matchAll(/^([a-z_]+)[ {]/gm)].map(([, name = ""]) => name));
});

/** The metrics that a query names. */
function metricsIn(query: string): string[] {
  return query.match(/\b(?:ringcast|process)_[a-z_]+/g) ?? [];
}

function read(path: string): string {
  return readFileSync(join(DEPLOY, path), "utf8");
}

test("the dashboard asks for metrics that there are, and leaves out none", () => {
  const panels = z.array(z.looseObject({ targets: z.array(z.looseObject({ expr: z.string() })) }));
  const dashboard = z.looseObject({ panels }).parse(JSON.parse(read("grafana/ringcast-dashboard.json")));
  const asked = dashboard.panels.flatMap(({ targets }) => targets.flatMap(({ expr }) => metricsIn(expr)));
  expect(asked.filter((name) => !known.has(name))).toEqual([]);
  const shown = (name: string) => name.replace(/_(?:sum|count)$/, "_bucket");
  expect([...known].filter((name) => !asked.includes(shown(name)))).toEqual([]);
});

describe("the alert rules", () => {
  const rule = z.object({ alert: z.string(), expr: z.string() });
  const schema = z.object({ groups: z.array(z.object({ rules: z.array(rule) })) });

  test("ask for metrics that there are", () => {
    const { groups } = schema.parse(parse(read("prometheus/alerts.yml")));
    const asked = groups.flatMap(({ rules }) => rules.flatMap(({ expr }) => metricsIn(expr)));
    expect(asked.length).toBeGreaterThan(8);
    expect(asked.filter((name) => !known.has(name))).toEqual([]);
  });

  test.skipIf(findProgram("promtool") === undefined).each([
    ["check", "alerts.yml"],
    ["test", "alerts.test.yml"],
  ])("pass promtool's %s", async (verb, file) => {
    const { code, stderr } = await runChild(["promtool", verb, "rules", join(DEPLOY, "prometheus", file)]);
    expect([code, stderr]).toEqual([0, ""]);
  });
});

test("the Kubernetes pod gets the time that its shutdown needs, as nobody in particular", () => {
  const documents = z
    .array(z.looseObject({ kind: z.string() }))
    .parse(parseAllDocuments(read("kubernetes/ringcast.yml")).map((document) => document.toJS()));
  expect(documents.map(({ kind }) => kind)).toEqual(["Deployment", "Service", "PodDisruptionBudget"]);
  const probe = z.looseObject({ httpGet: z.object({ path: z.string(), port: z.literal("http") }) });
  const container = z.looseObject({
    env: z.array(z.looseObject({ name: z.string(), value: z.string().optional() })),
    livenessProbe: probe,
    readinessProbe: probe,
    lifecycle: z.object({
      preStop: z.object({ exec: z.object({ command: z.tuple([z.literal("sleep"), z.string()]) }) }),
    }),
  });
  const spec = z.looseObject({
    terminationGracePeriodSeconds: z.number(),
    securityContext: z.looseObject({ runAsNonRoot: z.literal(true) }),
    containers: z.tuple([container]),
  });
  const deployment = z.looseObject({ spec: z.looseObject({ template: z.looseObject({ spec }) }) });
  const pod = deployment.parse(documents[0]).spec.template.spec;
  const [{ env, lifecycle, livenessProbe, readinessProbe }] = pod.containers;
  expect([livenessProbe.httpGet.path, readinessProbe.httpGet.path]).toEqual(["/health/live", "/health/ready"]);
  const shutdownMs = parseDuration(env.find(({ name }) => name === "SHUTDOWN_TIMEOUT")?.value ?? "") ?? Number.NaN;
  const pauseMs = Number(lifecycle.preStop.exec.command[1]) * 1000;
  expect(pod.terminationGracePeriodSeconds * 1000).toBeGreaterThan(shutdownMs + pauseMs);
});

test("the systemd unit ends the server as it wants to be ended, and leaves it the time", () => {
  const unit = read("systemd/ringcast.service");
  const value = (key: string) => new RegExp(`^${key}=(.*)$`, "m").exec(unit)?.[1];
  expect(value("KillSignal")).toBe("SIGTERM");
  expect(value("ExecReload")).toContain("-HUP");
  expect(Number(value("TimeoutStopSec")) * 1000).toBeGreaterThan(OPTIONS.shutdownTimeoutMs.defaultValue);
});
