/** What `ringcast` does, by the first word of its command line, and one line about each. */
export const VERBS = {
  serve: "Run the server; so does no verb at all",
  config: "Print the value of every flag of the server, and where it comes from",
  sub: "Print what comes to topics",
  pub: "Publish to a topic",
  topics: "List, create and delete topics",
  stats: "Show what the server does",
  health: "Tell whether the server is well, by the exit code too",
  token: "Make a token that lets a browser do exactly what it may",
  bench: "Load a server on this machine for a few seconds, and measure it",
  completion: "Print what makes a shell complete all this",
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
