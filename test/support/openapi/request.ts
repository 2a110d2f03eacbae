import type { Operation } from "./description.ts";

/** Something that stands in a request by name; in a path it takes the name's place. */
export interface Field {
  readonly in: "path" | "query" | "header";
  readonly name: string;
  /** As it is sent: percent-encoded in paths and queries; in headers each character is a byte. */
  readonly text: string;
}

export interface Body {
  /** Undefined: none is said. */
  readonly contentType: string | undefined;
  /** Each character is a byte. */
  readonly bytes: string;
  readonly chunked: boolean;
}

/** One who makes requests. */
export interface Caller {
  /** The server's key; undefined where it has none. */
  readonly key: string | undefined;
}

export interface ApiRequest {
  readonly operation: Operation;
  readonly fields: readonly Field[];
  /** What was presented to say who makes it: these count among the fields, but are no parameters. */
  readonly credentials: readonly Field[];
  readonly body: Body | undefined;
}

/** Whether a part of a path is one that every client and server takes for a step to elsewhere. */
export function isDots(part: string): boolean {
  return /^(?:\.|%2e){1,2}$/i.test(part);
}

/** A request as it goes over the wire; each character is a byte. */
export function onTheWire({ operation, ...request }: ApiRequest): string {
  const fields = [...request.fields, ...request.credentials];
  const path = operation.path.replace(/\{(.*?)\}/g, (_, name) => {
    return fields.find((field) => field.in === "path" && field.name === name)?.text ?? "";
  });
  const query = fields.filter((field) => field.in === "query").map(({ name, text }) => `${name}=${text}`);
  const lines = fields.filter((field) => field.in === "header").map(({ name, text }) => `${name}: ${text}\r\n`);
  const { body } = request;
  if (body?.contentType !== undefined) lines.push(`Content-Type: ${body.contentType}\r\n`);
  let sent = body?.bytes ?? "";
  if (body?.chunked) {
    lines.push("Transfer-Encoding: chunked\r\n");
    sent = `${sent === "" ? "" : `${sent.length.toString(16)}\r\n${sent}\r\n`}0\r\n\r\n`;
  } else if (body !== undefined) {
    lines.push(`Content-Length: ${sent.length}\r\n`);
  }
  const target = `${path}${query.length === 0 ? "" : `?${query.join("&")}`}`;
  return `${operation.method} ${target} HTTP/1.1\r\nHost: localhost\r\n${lines.join("")}\r\n${sent}`;
}
