/** What `ringcast` does, by the first word of its command line, and one line about each. */
export const VERBS = {
  serve: "Run the server (the default)",
  config: "Print the value of every flag of the server, and where it comes from",
  sub: "Subscribe to topics and print their messages",
  pub: "Publish to a topic",
  topics: "List, create and delete topics",
  stats: "Show the server's statistics",
  health: "Check the server's health; the exit code says it, too",
  token: "Create a token that allows only what you list",
  bench: "Benchmark a server on this machine",
  completion: "Print the completion script of a shell",
  help: "Explain a verb",
} as const;

export type Verb = keyof typeof VERBS;

function isVerb(word: string): word is Verb {
  return Object.hasOwn(VERBS, word);
}

/** The verb that a word is; undefined for a flag, for any other word, and for none. */
export function verbOf(word: string | undefined): Verb | undefined {
  return word !== undefined && isVerb(word) ? word : undefined;
}
