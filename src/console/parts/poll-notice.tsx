import type { ApiError } from "../api.ts";

const WORDS: Readonly<Record<string, string>> = {
  RATE_LIMITED: "The server was asked too often from this address (-rate-limit-per-min). What is shown stands for now.",
  FORBIDDEN: "This key may not see this.",
};

/** Says why what is shown could not be brought up to date. That the server is gone, the shell says. */
export function PollNotice({ problem }: { readonly problem: ApiError | undefined }) {
  if (problem === undefined || problem.code === "UNREACHABLE" || problem.status === 404) return null;
  return (
    <p class="notice notice-warn page-notice" role="status">
      {WORDS[problem.code] ?? `The server refused to tell: ${problem.message}.`}
    </p>
  );
}
