import type { z } from "zod";

/** Words the first thing wrong: "topic: must be …". */
export function explain(error: z.ZodError): string {
  const issue = error.issues[0];
  if (issue === undefined) return "the request is invalid";
  const where = issue.path.join(".");
  const what = issue.code === "invalid_type" && issue.input === undefined ? "is required" : issue.message;
  return where === "" || issue.code === "invalid_union" ? what : `${where}: ${what}`;
}
