import { MAX_NESTING } from "../../../src/protocol/limits.ts";
import type { Operation, Parameter } from "./description.ts";
import type { ApiRequest, Body, Caller, Field } from "./request.ts";

// Whether a request fits what is described of its operation, judged by the request as it is sent and by nothing of how
// it was made.

/** `unknown`: the description leaves it open, such as a parameter that is there twice. */
export type Verdict = "fits" | "breaks" | "unknown";

function worst(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes("breaks")) return "breaks";
  return verdicts.includes("unknown") ? "unknown" : "fits";
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function judgeScalar({ fits, in: place, schema }: Parameter, text: string): Verdict {
  const value = place === "header" ? text : decoded(text);
  // Only a path's encoding must be sound; what others mean by a broken one, nobody says.
  if (value === undefined) return place === "path" ? "breaks" : "unknown";
  if (schema.type !== "integer") return fits(value) ? "fits" : "breaks";
  if (!/^-?\d+$/.test(value)) return "breaks";
  // Leading zeros, and numbers that no number can hold.
  return String(Number(value)) === value ? (fits(Number(value)) ? "fits" : "breaks") : "unknown";
}

function judgeArray({ fits }: Parameter, texts: readonly string[]): Verdict {
  const items = texts.map(decoded);
  if (items.includes(undefined)) return "unknown";
  return fits(items) ? "fits" : "breaks";
}

function judgeParameter(parameter: Parameter, fields: readonly Field[]): Verdict {
  const texts = fields.filter((field) => field.in === parameter.in && field.name === parameter.name);
  const [first, second] = texts;
  if (first === undefined) return parameter.required ? "breaks" : "fits";
  if (parameter.schema.type === "array")
    return judgeArray(
      parameter,
      texts.map(({ text }) => text),
    );
  return second === undefined ? judgeScalar(parameter, first.text) : "unknown";
}

/** Whether those parameters are there together that need each other, and none that exclude each other. */
export function respectsDependencies({ dependencies }: Operation, fields: readonly Field[]): boolean {
  return dependencies.every(({ kind, names }) => {
    const present = names.filter((name) => fields.some((field) => field.name === name)).length;
    return kind === "ZeroOrOne" ? present <= 1 : present === 0 || present === names.length;
  });
}

function nesting(json: string): number {
  let depth = 0;
  let deepest = 0;
  for (const [token] of json.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{}]/g)) {
    if (token === "[" || token === "{") deepest = Math.max(deepest, ++depth);
    else if (token === "]" || token === "}") depth--;
  }
  return deepest;
}

function judgeBody({ body: described, maxTokenChars = Infinity }: Operation, body: Body | undefined): Verdict {
  if (described === undefined) return body === undefined ? "fits" : "unknown";
  if (!/^application\/json[\t ]*(?:;|$)/i.test(body?.contentType ?? "")) return "breaks";
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(Buffer.from(body?.bytes ?? "", "latin1"));
    // docs/protocol.md, "Requests".
    if (nesting(text) > MAX_NESTING) return "breaks";
    if (!described.fits(JSON.parse(text))) return "breaks";
    // Of so much the token may be too long. How long it is, only who signs it can tell.
    return text.length > maxTokenChars / 2 ? "unknown" : "fits";
  } catch {
    return "breaks";
  }
}

/** Whether a request fits the description of its operation; who makes it is another matter. */
export function judge({ body, fields, operation }: ApiRequest): Verdict {
  return worst([
    ...operation.parameters.map((parameter) => judgeParameter(parameter, fields)),
    respectsDependencies(operation, fields) ? "fits" : "breaks",
    judgeBody(operation, body),
  ]);
}

/** Whether a request shows that its caller may make it; `unknown` where it presents several things, or a token. */
export function judgeCaller({ credentials, fields, operation }: ApiRequest, { key }: Caller): Verdict {
  if (operation.credentials.length === 0) return "fits";
  // A token in a query is described as a parameter too.
  const isCredential = (field: Field) =>
    operation.credentials.some((way) => way.in === field.in && way.name === field.name);
  const [first, second] = [...credentials, ...fields.filter(isCredential)];
  if (first === undefined) return key === undefined ? "fits" : "breaks";
  if (key === undefined || second !== undefined) return "unknown";
  const isRight = operation.credentials.some(
    (way) => way.in === "header" && first.in === "header" && way.name === first.name && first.text === way.prefix + key,
  );
  return isRight ? "fits" : "breaks";
}
