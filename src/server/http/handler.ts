import type { IncomingMessage, ServerResponse } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import type { Principal } from "../access/principal.ts";
import type { Admission } from "./admission.ts";
import { type Answer, sendAnswer } from "./answer.ts";
import type { HttpApp, HttpBindings, HttpOptions, HttpPorts } from "./context.ts";
import { errorAnswer, HttpRefusal } from "./errors.ts";
import type { HttpPublisher } from "./publish.ts";
import { type Refusals, UNREADABLE_HEAD } from "./refusals.ts";
import { type RequestHead, readHead } from "./request-head.ts";

/** What the handler works with. */
export interface HandlerPorts extends Pick<HttpPorts, "faults"> {
  readonly app: HttpApp;
  readonly admission: Admission;
  readonly publisher: HttpPublisher;
  readonly refusals: Refusals;
}

function isSent(response: Response): boolean {
  return response.headers.has("x-hono-already-sent");
}

async function toAnswer(response: Response): Promise<Answer> {
  const body = new Uint8Array(await response.arrayBuffer());
  return { status: response.status, headers: Object.fromEntries(response.headers), body };
}

/** Serves the HTTP requests of a server: reads their heads, has the routes answer them, and sees the answers out. */
export class HttpHandler {
  readonly #options: Pick<HttpOptions, "writeTimeoutMs">;
  readonly #ports: HandlerPorts;
  /** What goes with each request through the adapter. */
  readonly #bindings = new WeakMap<object, HttpBindings>();
  readonly #route: (incoming: IncomingMessage, outgoing: ServerResponse) => Promise<void>;

  constructor(options: Pick<HttpOptions, "writeTimeoutMs">, ports: HandlerPorts) {
    this.#options = options;
    this.#ports = ports;
    const listener = getRequestListener(
      async (request, { incoming }) => {
        const bindings = this.#bindings.get(incoming);
        if (bindings === undefined) throw new Error("a request that did not come by handle");
        const response = await ports.app.fetch(request, bindings);
        if (!isSent(response)) this.#send(bindings.incoming, bindings.outgoing, await toAnswer(response));
        return RESPONSE_ALREADY_SENT;
      },
      // The process may be somebody else's, who has objects of their own in place of these.
      { overrideGlobalObjects: false, autoCleanupIncoming: false },
    );
    this.#route = async (incoming, outgoing) => {
      await listener(incoming, outgoing);
    };
  }

  /** Serves one request; never throws. */
  handle(incoming: IncomingMessage, outgoing: ServerResponse, address: string): void {
    const head = readHead(incoming, address);
    if (head === undefined) {
      this.#ports.refusals.note(address, UNREADABLE_HEAD);
      this.#send(incoming, outgoing, errorAnswer(UNREADABLE_HEAD.code, UNREADABLE_HEAD.message));
      return;
    }
    // The adapter puts the URL together anew, and is stricter about spellings.
    incoming.headers.host = head.host;
    if (this.#ports.publisher.takes(head)) {
      // By then a body that came with the head has been parsed.
      setImmediate(() => this.#publish(incoming, outgoing, head));
      return;
    }
    this.#bindings.set(incoming, { incoming, outgoing, head });
    this.#route(incoming, outgoing).catch((error: unknown) => this.#failed(incoming, outgoing, error));
  }

  /** The one route that is taken often enough to matter stands ahead of the others, which cost twice as much. */
  #publish(incoming: IncomingMessage, outgoing: ServerResponse, head: RequestHead): void {
    const { admission, refusals } = this.#ports;
    const send = (answer: Answer) => this.#send(incoming, outgoing, answer);
    let publisher: Principal | undefined;
    const refuse = (error: unknown) => send(refusals.answerError(head, error, publisher));
    const publishAs = (principal: Principal | HttpRefusal) => {
      if (principal instanceof HttpRefusal) throw principal;
      publisher = principal;
      return this.#ports.publisher.publish(head, incoming, principal);
    };
    try {
      const principal = admission.admit(head);
      const answer = principal instanceof Promise ? principal.then(publishAs) : publishAs(principal);
      if (answer instanceof Promise) answer.then(send, refuse);
      else send(answer);
    } catch (error) {
      refuse(error);
    }
  }

  /** Sends an answer; never throws. */
  #send(incoming: IncomingMessage, outgoing: ServerResponse, answer: Answer): void {
    const failed = (error: unknown) => this.#failed(incoming, outgoing, error);
    try {
      sendAnswer(incoming, outgoing, answer, this.#options.writeTimeoutMs)?.catch(failed);
    } catch (error) {
      failed(error);
    }
  }

  #failed({ method, url }: IncomingMessage, outgoing: ServerResponse, error: unknown): void {
    this.#ports.faults.record(error, { method, url });
    outgoing.destroy();
  }
}
