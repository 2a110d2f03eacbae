import { vi } from "vitest";
import { deferred } from "../../src/client/deferred.ts";
import { openHttpSocket } from "../../src/client/http-socket.ts";
import type { Credentials } from "../../src/client/platform.ts";
import { FakePlatform } from "./fake-platform.ts";

const URL_TEXT = "wss://host.example/base/ws?tenant=1";
export const NAME = "wss://host.example/base/ws";
export const SESSION = 'event: session\ndata: {"type":"session","id":"abc-_1"}\n\n';

export interface Request {
  readonly url: string;
  readonly init: RequestInit;
}

export interface Closing {
  readonly code: number;
  readonly reason: string;
  readonly problem?: string;
}

/** Answers the requests of a socket. */
type Answer = (request: Request) => Response | Promise<Response>;

/** Opens a socket whose requests are answered by a function; notes what happens on it. */
export function openByHttp(answer: Answer, credentials: Partial<Credentials> = {}) {
  const requests: Request[] = [];
  vi.stubGlobal("fetch", async (url: string | URL, init: RequestInit) => {
    const request = { url: String(url), init };
    requests.push(request);
    return answer(request);
  });
  const log: string[] = [];
  const { promise: closed, resolve } = deferred<Closing>();
  const { promise: opened, resolve: resolveOpened } = deferred<void>();
  const platform = new FakePlatform();
  const socket = openHttpSocket(
    platform,
    URL_TEXT,
    { apiKey: undefined, token: undefined, ...credentials },
    {
      opened: () => {
        log.push("opened");
        resolveOpened();
      },
      received: (text) => log.push(text),
      closed: (code, reason, problem) => {
        log.push("closed");
        resolve({ code, reason, ...(problem && { problem }) });
      },
      replaced: () => {
        log.push("replaced");
        socket.drop();
        return true;
      },
    },
  );
  return { platform, socket, requests, log, opened, closed };
}

/** A stream under the control of a test. */
export class FakeStream {
  readonly response: Response;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;

  constructor(text: string) {
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#controller = controller;
      },
    });
    this.response = new Response(body, { headers: { "Content-Type": "text/event-stream" } });
    this.push(text);
  }

  push(text: string): void {
    this.#controller?.enqueue(Buffer.from(text));
  }

  end(): void {
    this.#controller?.close();
  }

  break(): void {
    this.#controller?.error(new Error("broken"));
  }
}
