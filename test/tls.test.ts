import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import { connect, createServer, type TLSSocket } from "node:tls";
import { describe, expect, test, vi } from "vitest";
import { deferred } from "../src/client/deferred.ts";
import { CERTIFICATES, type TestCertificate } from "./support/certificates.ts";
import { TestClient } from "./support/client.ts";
import { RUNS_ON_BUN } from "./support/command.ts";
import { Directory } from "./support/directory.ts";
import { httpsGet } from "./support/https-get.ts";
import { within } from "./support/mailbox.ts";
import { type LogLine, runToEnd, ServerProcess } from "./support/server-process.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const { first, second } = CERTIFICATES;
const LOADED = "certificate loaded";
const NOT_LOADED = "certificate not loaded, keeping the previous one";

/** The two files that a server's flags name, and what is to be in them. */
class PemFiles extends Directory {
  put({ cert, key }: Pick<TestCertificate, "cert" | "key">): void {
    this.write("cert.pem", cert);
    this.write("key.pem", key);
  }

  get flags(): string[] {
    return [`-tls-cert=${this.path}/cert.pem`, `-tls-key=${this.path}/key.pem`];
  }
}

/** Has the server read its files anew; resolves with the log line that says what came of it. */
function reload(server: ServerProcess, message: string): Promise<LogLine> {
  const line = server.nextLog(message);
  process.kill(server.pid, "SIGHUP");
  return line;
}

/** A connection whose handshake is done. */
function handshake(port: number, options: object = {}): Promise<TLSSocket> {
  const { promise, reject, resolve } = deferred<TLSSocket>();
  const socket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false, ...options });
  socket.on("secureConnect", () => resolve(socket)).on("error", reject);
  return within(promise, "the handshake", 20_000);
}

/** Asks for the health over a connection, and ends that. Resolves with whose certificate it was. */
async function askOnce(port: number): Promise<string> {
  const socket = await handshake(port);
  const name = String(socket.getPeerCertificate().subject.CN);
  const answer = exchange(socket, "Connection: close\r\n");
  if (!(await answer).startsWith("HTTP/1.1 200")) throw new Error(`no answer: ${await answer}`);
  socket.destroy();
  return name;
}

/** Asks for the health over a connection that may go on. */
function exchange(socket: TLSSocket, headers = ""): Promise<string> {
  const { promise, reject, resolve } = deferred<string>();
  let text = "";
  const onData = (chunk: Buffer) => {
    text += chunk.toString();
    if (!text.includes("uptime_sec")) return;
    socket.off("data", onData);
    resolve(text);
  };
  socket.on("data", onData);
  socket.once("error", reject).once("close", () => reject(new Error("closed before the answer")));
  socket.write(`GET /health HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n`);
  return within(promise, "the answer", 20_000);
}

describe("-tls-cert and -tls-key", () => {
  test("make the server speak https and wss with that certificate, and nothing else", async () => {
    await using server = await ServerProcess.start([`-tls-cert=${first.certFile}`, `-tls-key=${first.keyFile}`]);
    const health = await httpsGet(`https://localhost:${server.port}/health`, first.cert);
    expect(health.statusCode).toBe(200);
    await expect(httpsGet(`https://localhost:${server.port}/health`, second.cert)).rejects.toThrow();
    await expect(fetch(`http://localhost:${server.port}/health`)).rejects.toThrow();
    using subscriber = await TestClient.connect(server.port, { ca: first.cert });
    using publisher = await TestClient.connect(server.port, { ca: first.cert });
    await subscriber.subscribe("t");
    await publisher.published("t", "m", { big: "x".repeat(500_000) });
    expect(await subscriber.expect("event")).toMatchObject({ message: { payload: { big: "x".repeat(500_000) } } });
    expect(server.log.filter(({ level }) => level !== "info")).toEqual([]);
  });

  test("are looked for in the caller's folder, and a key is never logged", async () => {
    using files = new PemFiles();
    files.put(first);
    const options = { cwd: files.path };
    await using server = await ServerProcess.start(["-tls-cert=cert.pem", "-tls-key=key.pem"], options);
    expect(await askOnce(server.port)).toBe("first");
    expect(JSON.stringify(server.log)).not.toContain(first.key.split("\n")[1] ?? "");
  });

  test("speak TLS 1.2 and 1.3, and nothing older", async () => {
    await using server = await ServerProcess.start([`-tls-cert=${first.certFile}`, `-tls-key=${first.keyFile}`]);
    // OpenSSL 3 speaks these only at this level.
    const older = { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" } as const;
    await expect(handshake(server.port, older)).rejects.toThrow();
    for (const version of ["TLSv1.2", "TLSv1.3"]) {
      const socket = await handshake(server.port, { minVersion: version, maxVersion: version });
      expect(socket.getProtocol()).toBe(version);
      socket.destroy();
    }
    // This client could speak the older one.
    const old = createServer({ cert: first.cert, key: first.key, ...older });
    const { promise: listening, resolve } = deferred<void>();
    old.listen(0, "127.0.0.1", resolve);
    await listening;
    const address = old.address();
    const port = typeof address === "object" ? (address?.port ?? 0) : 0;
    const socket = await handshake(port, older);
    expect(socket.getProtocol()).toBe("TLSv1.1");
    socket.destroy();
    old.close();
  });

  const encrypted = createPrivateKey(first.key).export({
    type: "pkcs8",
    format: "pem",
    cipher: "aes-256-cbc",
    passphrase: "secret",
  });
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const other = privateKey.export({ type: "pkcs8", format: "pem" });

  test.each<[string, string, string, string]>([
    ["the key of another certificate", first.cert, second.key, "-tls-key"],
    ["a key of another kind", first.cert, other.toString(), "-tls-key"],
    ["a key that is encrypted", first.cert, encrypted.toString(), "-tls-key"],
    ["a key that is none", first.cert, "nonsense", "-tls-key"],
    ["no key in the key's file", first.cert, first.cert, "-tls-key"],
    ["an empty certificate", "", first.key, "-tls-cert"],
    ["a certificate that is none", first.cert.replace(/MII/, "AAA"), first.key, "-tls-cert"],
    ["a chain that is none", first.cert + second.cert.replace(/MII/, "AAA"), first.key, "-tls-cert"],
  ])("with %s end the program with exit code 2 and one line, before it listens", async (_what, cert, key, flag) => {
    using files = new PemFiles();
    files.put({ cert, key });
    const { code, stderr, stdout } = await runToEnd(["-host=127.0.0.1", "-port=0", ...files.flags]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/^ringcast: [\x20-\x7e]+\n$/);
    expect(stderr).toContain(`${flag} must name a file that is of use`);
  });

  test("that are not there end the program so, too", async () => {
    const ended = await runToEnd(["-port=0", `-tls-cert=${first.certFile}`, "-tls-key=/no/such/key.pem"]);
    expect(ended).toMatchObject({ code: 2, stdout: "", stderr: expect.stringContaining("/no/such/key.pem") });
  });

  test("leave a port that somebody has to whoever has it", async () => {
    await using plain = await ServerProcess.start();
    await using tls = await ServerProcess.start([`-tls-cert=${first.certFile}`, `-tls-key=${first.keyFile}`]);
    for (const { port } of [plain, tls]) {
      for (const flags of [[], [`-tls-cert=${first.certFile}`, `-tls-key=${first.keyFile}`]]) {
        const { code, stderr } = await runToEnd(["-host=127.0.0.1", `-port=${port}`, ...flags]);
        expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining("already in use") });
      }
    }
  });
});

describe("SIGHUP", () => {
  test.skipIf(RUNS_ON_BUN)(
    "gives new connections the new certificate, while those that are there go on and a shutdown finds all",
    async () => {
      using files = new PemFiles();
      files.put(first);
      await using server = await ServerProcess.start(files.flags);
      const clients: TestClient[] = [await TestClient.connect(server.port, { ca: first.cert })];
      const keptAlive = await handshake(server.port);
      await exchange(keptAlive);
      for (const next of [second, first, second]) {
        files.put(next);
        expect(await reload(server, LOADED)).toMatchObject({ subject: expect.stringContaining(`CN=${next.name}`) });
        for (let i = 0; i < 10; i++) expect(await askOnce(server.port)).toBe(next.name);
        clients.push(await TestClient.connect(server.port, { ca: next.cert }));
      }
      for (const [i, client] of clients.entries()) await client.subscribe("t", { client_id: `c${i}` });
      await clients[0]?.published("other", "m", 1);
      using publisher = await TestClient.connect(server.port, { ca: second.cert });
      publisher.publish("t", "m", 1);
      for (const client of clients) expect(await client.expect("event")).toMatchObject({ topic: "t" });
      const stopped = server.stop();
      for (const client of clients) expect(await client.closed).toMatchObject({ code: 1001 });
      expect(await stopped).toBe(0);
      keptAlive.destroy();
    },
  );

  test.skipIf(RUNS_ON_BUN)("leaves HTTP connections and event streams open", async () => {
    using files = new PemFiles();
    files.put(first);
    await using server = await ServerProcess.start(files.flags);
    const stream = await httpsGet(`https://localhost:${server.port}/topics/t/events`, first.cert);
    const socket = await handshake(server.port);
    for (const next of [first, second]) {
      files.put(next);
      if (next === second) await reload(server, LOADED);
      expect(await exchange(socket)).toMatch(/^HTTP\/1\.1 200/);
    }
    socket.destroy();
    using publisher = await TestClient.connect(server.port, { ca: second.cert });
    await publisher.published("t", "m", "after the reload");
    let text = "";
    for await (const chunk of stream) {
      text += String(chunk);
      if (text.includes("after the reload")) break;
    }
    expect(text).toContain("after the reload");
  });

  test("leaves the old certificate in force where the new pair is of no use, and says why", async () => {
    using files = new PemFiles();
    files.put(first);
    await using server = await ServerProcess.start(files.flags);
    for (const wrong of [
      { cert: second.cert, key: first.key },
      { cert: "nonsense", key: second.key },
    ]) {
      files.put(wrong);
      expect(await reload(server, NOT_LOADED)).toMatchObject({
        level: "error",
        why: expect.stringContaining("must name a file that is of use"),
      });
      expect(await askOnce(server.port)).toBe("first");
    }
    files.put(second);
    await reload(server, RUNS_ON_BUN ? NOT_LOADED : LOADED);
    expect(await askOnce(server.port)).toBe(RUNS_ON_BUN ? "first" : "second");
  });

  test.runIf(RUNS_ON_BUN)("on Bun leaves the old certificate in force, and says what to do", async () => {
    using files = new PemFiles();
    files.put(first);
    await using server = await ServerProcess.start(files.flags);
    const socket = await handshake(server.port);
    files.put(second);
    expect(await reload(server, NOT_LOADED)).toMatchObject({
      level: "error",
      why: "this runtime can't replace a certificate; restart the server",
    });
    expect(await exchange(socket)).toMatch(/^HTTP\/1\.1 200/);
    socket.destroy();
    expect(await askOnce(server.port)).toBe("first");
  });

  test("does nothing where the files are what they were", async () => {
    using files = new PemFiles();
    files.put(first);
    const keys = files.write("keys", "a admin key-a\n");
    await using server = await ServerProcess.start([...files.flags, `-api-keys-file=${keys}`]);
    await reload(server, "API keys loaded");
    expect(await askOnce(server.port)).toBe("first");
    expect(server.log.filter(({ msg }) => msg === LOADED)).toEqual([]);
  });

  test.skipIf(process.platform !== "linux" || RUNS_ON_BUN)(
    "fails no connection attempt, and loses no event of open ones",
    async () => {
      using files = new PemFiles();
      files.put(first);
      await using server = await ServerProcess.start(["-host=", ...files.flags]);
      using subscriber = await TestClient.connect(server.port, { ca: first.cert });
      using publisher = await TestClient.connect(server.port, { ca: first.cert });
      await subscriber.subscribe("t");
      let done = false;
      const names: string[] = [];
      const attempts = Array.from({ length: 4 }, async () => {
        while (!done) names.push(await askOnce(server.port));
      });
      let offset = 0;
      for (let i = 1; i <= 20; i++) {
        files.put(i % 2 === 0 ? first : second);
        await reload(server, LOADED);
        // Until some have come in with this one.
        const before = names.length;
        while (names.length < before + 20) {
          await publisher.published("t", "m", i);
          expect(await subscriber.expect("event")).toMatchObject({ offset: ++offset });
        }
      }
      done = true;
      await Promise.all(attempts);
      expect(new Set(names)).toEqual(new Set(["first", "second"]));
      expect(names.length).toBeGreaterThan(400);
    },
  );
});
