import { readdirSync, readFileSync, readlinkSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { onRuntime } from "./support/command.ts";
import { Directory } from "./support/directory.ts";
import { within } from "./support/mailbox.ts";
import { RawProcess } from "./support/raw-process.ts";
import { COMMAND, ServerProcess } from "./support/server-process.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const QUIET = ["-host=127.0.0.1", "-port=0"];

/** The inodes of the sockets that listen on a TCP port over IPv4. */
function listeningInodes(port: number): string[] {
  const LISTEN = "0A";
  const rows = readFileSync("/proc/net/tcp", "utf8")
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => line.trim().split(/\s+/));
  return rows
    .filter((row) => row[3] === LISTEN && Number.parseInt(row[1]?.split(":")[1] ?? "", 16) === port)
    .map((row) => row[9] ?? "");
}

/** What the descriptors of a process are open on. */
function descriptors(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).map((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`);
    } catch {
      // Closed between the listing and the look.
      return "";
    }
  });
}

describe("the process that bin/ringcast starts", () => {
  test.skipIf(process.platform !== "linux")("is the server itself: it holds the socket, and has no child", async () => {
    await using server = await ServerProcess.start();
    expect(readFileSync(`/proc/${server.pid}/comm`, "utf8")).toMatch(/^(?:node|bun|MainThread)/);
    const [inode, ...more] = listeningInodes(server.port);
    expect(more).toEqual([]);
    expect(descriptors(server.pid)).toContain(`socket:[${inode}]`);
    // Every thread's children, as the kernel lists them.
    for (const thread of readdirSync(`/proc/${server.pid}/task`)) {
      expect(readFileSync(`/proc/${server.pid}/task/${thread}/children`, "utf8")).toBe("");
    }
  });

  test("ends with 0 at SIGTERM", async () => {
    await using server = await ServerProcess.start();
    expect(await server.stop("SIGTERM")).toBe(0);
  });

  test.skipIf(process.platform !== "linux")("leaves nothing behind at SIGKILL", async () => {
    await using server = await ServerProcess.start();
    const { port } = server;
    await server.stop("SIGKILL");
    expect(listeningInodes(port)).toEqual([]);
    await using next = new RawProcess(["-host=127.0.0.1", `-port=${port}`]);
    expect((await next.listening()).port).toBe(port);
  });

  test("starts through a chain of symbolic links, from another directory", async () => {
    using elsewhere = new Directory();
    symlinkSync(COMMAND, join(elsewhere.path, "absolute"));
    symlinkSync("absolute", join(elsewhere.path, "ringcast"));
    for (const command of [join(elsewhere.path, "ringcast"), "./ringcast"]) {
      await using server = new RawProcess(QUIET, { command: onRuntime(command), cwd: elsewhere.path });
      const { port } = await server.listening();
      expect((await within(fetch(`http://127.0.0.1:${port}/health`), "the health")).status).toBe(200);
    }
  });
});

describe("files of the working directory", () => {
  test("that look like configuration are not read", async () => {
    using elsewhere = new Directory();
    for (const name of [".env", ".env.local", ".env.production", ".env.development"]) {
      elsewhere.write(name, "MAX_QUEUE_SIZE=77\nLOG_FORMAT=json\nMAX_TOPICS=broken\n");
    }
    elsewhere.write("preload.ts", 'throw new Error("the preload ran");');
    elsewhere.write("bunfig.toml", 'preload = ["./preload.ts"]\n[define]\n"process.env.PORT" = "\'broken\'"\n');
    for (const name of ["package.json", "tsconfig.json", "jsconfig.json"]) elsewhere.write(name, "{ broken");
    await using server = new RawProcess([...QUIET, "-log-level=debug"], { cwd: elsewhere.path });
    await server.listening();
    const line = await server.nextLine(" configuration ");
    // It is the text format, although the files say otherwise.
    const { config } = JSON.parse(line.slice(line.indexOf("{")));
    expect(config).toMatchObject({ "max-queue-size": 100, "max-topics": 100_000, "log-format": "text" });
    expect(await server.stop()).toEqual({ code: 0, stderr: "" });
  });
});
