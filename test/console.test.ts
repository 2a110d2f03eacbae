import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ServerProcess } from "./support/server-process.ts";

// The console's page, as it comes over the wire; what it does in a browser is tested in console-*-browser.test.ts.

const MAX_BYTES = 150_000;
/** Comments that libraries want to be kept. */
const LICENCES = /\/\*!.*?\*\//gs;
const KEY = "console-key";

let server: ServerProcess;

beforeAll(async () => {
  server = await ServerProcess.start([`-api-key=${KEY}`]);
});

afterAll(() => server[Symbol.asyncDispose]());

/** The paths of the page and of all that it names. */
async function filesOf(page: string): Promise<string[]> {
  const html = await (await server.fetch(page)).text();
  const names = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, name = ""]) => name);
  return [
    page,
    ...names.filter((name) => !name.startsWith("data:")).map((name) => new URL(name, `x://x${page}`).pathname),
  ];
}

describe("the console", () => {
  test("is where / and /console lead", async () => {
    for (const path of ["/", "/console"]) {
      const answer = await server.fetch(path, { redirect: "manual" });
      expect([path, answer.headers.get("location")]).toEqual([path, "/console/"]);
    }
  });

  test("is a page and what it is made of, for everybody, with a policy that lets in nothing else", async () => {
    const files = await filesOf("/console/");
    expect(files.map((path) => path.split(".")[1]).sort()).toEqual(["css", "js", "svg", undefined]);
    for (const path of files) {
      const answer = await server.fetch(path);
      expect([path, answer.status]).toEqual([path, 200]);
      const policy = answer.headers.get("content-security-policy") ?? "";
      expect(policy).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self';/);
      expect(policy).not.toMatch(/unsafe|\*|http/);
      expect(policy).toContain("frame-ancestors 'none'");
      expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
    }
    expect((await server.fetch("/console/nothing.js")).status).toBe(404);
    expect((await server.fetch("/console/..%2fpackage.json")).status).toBe(404);
  });

  test("has no script or style in the page itself, and names no other host", async () => {
    for (const path of await filesOf("/console/")) {
      const text = await (await server.fetch(path)).text();
      if (path.endsWith("/")) {
        expect(text).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon\w+=/);
      }
      const code = text.replaceAll(LICENCES, "");
      const hosts = [...code.matchAll(/https?:\/\/([\w.-]+)/g)].map(([, host = ""]) => host);
      // The names of XML's vocabularies are none that anything is asked of.
      expect(hosts.filter((host) => host !== "www.w3.org" && host !== "localhost")).toEqual([]);
    }
  });

  test(`has less than ${MAX_BYTES} bytes in all, gzipped`, async () => {
    let bytes = 0;
    for (const path of await filesOf("/console/")) {
      const answer = await server.fetch(path, { headers: { "Accept-Encoding": "gzip" } });
      expect(answer.headers.get("content-encoding")).toBe("gzip");
      const sent = Number(answer.headers.get("content-length"));
      expect(sent).toBeLessThan((await answer.arrayBuffer()).byteLength);
      bytes += sent;
    }
    expect(bytes).toBeLessThan(MAX_BYTES);
    expect(bytes).toBeGreaterThan(10_000);
  });

  test("comes without gzip for whoever does not take it", async () => {
    for (const encodings of ["identity", "gzip;q=0", "br, gzip; q=0.000, *"]) {
      const answer = await server.fetch("/console/", { headers: { "Accept-Encoding": encodings } });
      expect([encodings, answer.headers.get("content-encoding")]).toEqual([encodings, null]);
    }
    const weighted = await server.fetch("/console/", { headers: { "Accept-Encoding": "br;q=0, gzip;q=0.5" } });
    expect(weighted.headers.get("content-encoding")).toBe("gzip");
  });

  test("is kept by browsers as long as it is the same", async () => {
    for (const path of await filesOf("/console/")) {
      const { headers } = await server.fetch(path);
      expect(headers.get("cache-control")).toBe(
        path.endsWith("/") ? "no-cache" : "public, max-age=31536000, immutable",
      );
      if (!path.endsWith("/")) expect(path).toMatch(/-[0-9a-z]{8}\.(js|css|svg)$/);
    }
  });

  test("learns without a key whether one is needed", async () => {
    expect(await (await server.fetch("/console/config.json")).json()).toMatchObject({ key_needed: true });
    await using open = await ServerProcess.start();
    expect(await (await open.fetch("/console/config.json")).json()).toMatchObject({ key_needed: false });
  });
});
