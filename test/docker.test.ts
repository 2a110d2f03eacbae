import { existsSync } from "node:fs";
import { cp, mkdtemp, readdir, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { minimatch } from "minimatch";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import packageJson from "../package.json" with { type: "json" };
import { CERTIFICATES } from "./support/certificates.ts";
import { runChild } from "./support/child.ts";
import { findProgram } from "./support/programs.ts";
import { ROOT, ServerProcess } from "./support/server-process.ts";

// What Docker would run, without Docker: the files are read as Docker reads them, and the commands in them are run.

const TEST_TIMEOUT_MS = 60_000;
const BUILD_TIMEOUT_MS = 120_000;

interface Instruction {
  readonly name: string;
  readonly rest: string;
}

async function read(file: string): Promise<string> {
  return await readFile(join(ROOT, file), "utf8");
}

/** The instructions of a Dockerfile: comments dropped, continued lines joined. */
function instructions(dockerfile: string): Instruction[] {
  const lines = dockerfile
    .split("\n")
    .filter((line) => !line.trimStart().startsWith("#"))
    .join("\n")
    .replaceAll(/\\\n\s*/g, "")
    .split("\n");
  return lines
    .filter((line) => line.trim() !== "")
    .map((line) => {
      const [name = "", ...rest] = line.trim().split(/\s+/);
      return { name: name.toUpperCase(), rest: rest.join(" ") };
    });
}

/** The instructions by build stage: each begins with a FROM. */
function stages(all: readonly Instruction[]): Instruction[][] {
  const found: Instruction[][] = [];
  for (const instruction of all) {
    if (instruction.name === "FROM") found.push([]);
    found.at(-1)?.push(instruction);
  }
  return found;
}

function only(stage: readonly Instruction[], name: string): string {
  const found = stage.filter((instruction) => instruction.name === name);
  expect(found).toHaveLength(1);
  return found[0]?.rest ?? "";
}

/** A COPY's sources and destination, without its options. */
function copied(rest: string): { from: string | undefined; sources: string[]; destination: string } {
  const words = rest.split(" ");
  const from = words.find((word) => word.startsWith("--from="))?.slice("--from=".length);
  const paths = words.filter((word) => !word.startsWith("--"));
  return { from, sources: paths.slice(0, -1), destination: paths.at(-1) ?? "" };
}

/** Does what a stage's COPY instructions say: from the build context, or from another stage whose files are in `built`. */
async function copyAll(stage: readonly Instruction[], context: string, root: string, built = ""): Promise<void> {
  for (const { rest } of stage.filter(({ name }) => name === "COPY")) {
    const { destination, from, sources } = copied(rest);
    for (const source of sources) {
      const to = destination.endsWith("/") ? join(destination, basename(source)) : destination;
      await cp(join(from === undefined ? context : built, source), join(root, to), { recursive: true });
    }
  }
}

/** The words that start the server. */
function entryPoint(): string[] {
  return z.array(z.string()).parse(JSON.parse(only(final, "ENTRYPOINT")));
}

/** Whether the build context holds a path of the repository's root: the last rule of .dockerignore that fits decides. */
function isInContext(rules: readonly string[], path: string): boolean {
  let included = true;
  for (const rule of rules) {
    const negated = rule.startsWith("!");
    if (minimatch(path, negated ? rule.slice(1) : rule, { dot: true })) included = negated;
  }
  return included;
}

const dockerfile = stages(instructions(await read("Dockerfile")));
const [build = [], final = []] = dockerfile;
const ignoreRules = (await read(".dockerignore")).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
const compose = z
  .object({
    services: z.object({
      pubsub: z.object({
        build: z.string(),
        ports: z.array(z.string()),
        environment: z.array(z.string()),
        healthcheck: z.record(z.string(), z.unknown()),
      }),
    }),
  })
  .parse(parse(await read("docker-compose.yml")));

async function runHealthCheck(command: string[], environment: Record<string, string>): Promise<number> {
  const { code } = await runChild(command, { env: { PATH: process.env["PATH"], ...environment } });
  return code;
}

describe("the Dockerfile", () => {
  test("has a stage that builds and one that is shipped", () => {
    expect(dockerfile).toHaveLength(2);
    expect(only(build, "FROM")).toMatch(/^node:\d+-alpine AS build$/);
    expect(only(final, "FROM")).toBe(only(build, "FROM").replace(" AS build", ""));
  });

  test("copies into the build only what is there and what .dockerignore lets through", () => {
    const sources = build.filter(({ name }) => name === "COPY").flatMap(({ rest }) => copied(rest).sources);
    expect(sources).toContain("src");
    for (const source of sources) {
      expect({ source, exists: existsSync(join(ROOT, source)) }).toEqual({ source, exists: true });
      expect({ source, sent: isInContext(ignoreRules, source) }).toEqual({ source, sent: true });
    }
  });

  test(
    "copies all that its build needs, and ships a command that starts by itself",
    async () => {
      const folder = await mkdtemp(join(tmpdir(), "ringcast-docker-"));
      const image = join(folder, "image");
      try {
        // As far as the build goes, the folder is the root of the image that builds.
        const workFolder = join(folder, only(build, "WORKDIR"));
        await copyAll(build, ROOT, workFolder);
        await symlink(join(ROOT, "node_modules"), join(workFolder, "node_modules"));
        const [, ...command] = build.filter(({ name }) => name === "RUN").map(({ rest }) => rest);
        expect(command).toEqual(["node scripts/build.js"]);
        expect((await runChild(["node", "scripts/build.js"], { cwd: workFolder })).code).toBe(0);
        await copyAll(final, ROOT, image, folder);
        const [program = "", script = ""] = entryPoint();
        const started = await runChild([program, join(image, script), "-version"], { cwd: folder });
        expect(started.stdout).toBe(`ringcast ${packageJson.version}\n`);
        expect(started.stderr).toBe("");
        expect((await readdir(image, { recursive: true })).filter((name) => name.includes(".")).sort()).toEqual([
          "opt/ringcast/bin/package.json",
          "opt/ringcast/dist/assets.js",
          "opt/ringcast/dist/ringcast.js",
          "opt/ringcast/package.json",
        ]);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
    BUILD_TIMEOUT_MS,
  );

  test("starts the command without a shell, and has it in PATH too", () => {
    expect(entryPoint()).toEqual(["node", "/opt/ringcast/bin/ringcast"]);
    expect(only(final, "RUN")).toBe("ln -s /opt/ringcast/bin/ringcast /usr/local/bin/ringcast");
  });

  test("does not run as root, and says so by number", () => {
    const [user = "", group = ""] = only(final, "USER").split(":");
    expect(Number(user)).toBeGreaterThan(0);
    expect(Number(group)).toBeGreaterThan(0);
  });

  test("exposes the default port", () => {
    expect(only(final, "EXPOSE")).toBe("8080");
  });
});

describe("the build context", () => {
  test("leaves out secrets, installed packages, history and results", () => {
    for (const path of [".env", ".env.local", "node_modules", ".git", "dist", "test", "docs"]) {
      expect({ path, sent: isInContext(ignoreRules, path) }).toEqual({ path, sent: false });
    }
  });
});

describe("docker-compose.yml", () => {
  test("describes the service as specified", () => {
    const { build: context, environment, healthcheck, ports } = compose.services.pubsub;
    expect(context).toBe(".");
    expect(ports).toEqual(["8080:8080"]);
    expect(environment.map((entry) => entry.split("=")[0])).toEqual(["API_KEY"]);
    expect(healthcheck).toEqual({
      test: ["CMD", "wget", "--no-verbose", "--tries=1", "--spider", "http://localhost:8080/health"],
      interval: "30s",
      timeout: "3s",
      retries: 3,
      start_period: "5s",
    });
  });
});

describe.skipIf(findProgram("wget") === undefined)("the health check command", () => {
  const shellCommand = only(final, "HEALTHCHECK").split(" CMD ")[1] ?? "";
  const composeCommand = z.array(z.string()).parse(compose.services.pubsub.healthcheck["test"]).slice(1);

  test(
    "of the image succeeds against a running server, needs no key, and asks the port that PORT names",
    async () => {
      await using server = await ServerProcess.start(["-api-key=secret"]);
      expect(await runHealthCheck(["sh", "-c", shellCommand], { PORT: String(server.port) })).toBe(0);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    "of the image succeeds against a server that speaks TLS, whomever its certificate is for",
    async () => {
      const environment = { TLS_CERT: CERTIFICATES.first.certFile, TLS_KEY: CERTIFICATES.first.keyFile };
      await using server = await ServerProcess.start([], { environment });
      const variables = { ...environment, PORT: String(server.port) };
      expect(await runHealthCheck(["sh", "-c", shellCommand], variables)).toBe(0);
      expect(await runHealthCheck(["sh", "-c", shellCommand], { PORT: String(server.port) })).not.toBe(0);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    "of docker-compose.yml succeeds against a running server",
    async () => {
      await using server = await ServerProcess.start(["-api-key=secret"]);
      const command = composeCommand.map((word) => word.replace(":8080/", `:${server.port}/`));
      expect(command).not.toEqual(composeCommand);
      expect(await runHealthCheck(command, {})).toBe(0);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    "of either fails once the server is gone",
    async () => {
      const server = await ServerProcess.start();
      expect(await server.stop()).toBe(0);
      const command = composeCommand.map((word) => word.replace(":8080/", `:${server.port}/`));
      expect(await runHealthCheck(["sh", "-c", shellCommand], { PORT: String(server.port) })).toBe(1);
      expect(await runHealthCheck(command, {})).not.toBe(0);
    },
    TEST_TIMEOUT_MS,
  );

  test("of the image asks port 8080 where PORT is not set", () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the shell's.
    expect(shellCommand).toContain("://localhost:${PORT:-8080}/health");
  });
});
