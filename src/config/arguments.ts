import { InvalidValue } from "./invalid-value.ts";
import { type Config, OPTION_NAMES, OPTIONS, type Option, type OptionName, variableOf } from "./options.ts";
import { VERBS, verbOf } from "./verbs.ts";

/** Where the values come from that are not the defaults. */
export type Sources = ReadonlyMap<OptionName, "environment" | "flag">;

/** What a command line asks for. */
export type Command =
  | { readonly kind: "run"; readonly config: Config; readonly sources: Sources }
  | { readonly kind: "help" }
  | { readonly kind: "version" }
  | { readonly kind: "invalid"; readonly message: string };

/** The variables of a process, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

// The same table again, as the compiler must see it to know that an option's parser yields that option's type.
const TABLE: { readonly [K in OptionName]: Option<Config[K]> } = OPTIONS;
const NAME_BY_FLAG = new Map(OPTION_NAMES.map((name) => [OPTIONS[name].flag, name]));

class InvalidArgument extends Error {}

/** A word that the server does not understand: it may belong to a verb. */
class UnknownWord extends InvalidArgument {}

/** One word of the command line: the flag that it names, and the value if it is written with `=`. */
function splitFlag(word: string): { flag: string; value: string | undefined } {
  const match = /^--?([^-=][^=]*)(?:=(.*))?$/s.exec(word);
  if (match?.[1] === undefined) throw new UnknownWord(`unexpected argument ${shortened(JSON.stringify(word))}`);
  return { flag: match[1], value: match[2] };
}

/** What is given for each option, and where: `label` names it in messages. */
interface Given {
  readonly texts: readonly string[];
  readonly source: "environment" | "flag";
  readonly label: string;
}
type Texts = Map<OptionName, Given>;

/** Reads the flags; of a repeated one the last value counts, or all of them where the option can join them. Returns a flag that asks for no server instead. */
function readFlags(argv: readonly string[], texts: Texts): "help" | "version" | undefined {
  for (let i = 0; i < argv.length; i++) {
    const { flag, value } = splitFlag(argv[i] ?? "");
    if (flag === "help" || flag === "h") return "help";
    if (flag === "version") return "version";
    const name = NAME_BY_FLAG.get(flag);
    if (name === undefined) throw new UnknownWord(`unknown flag -${shortened(flag)} (-help lists all)`);
    const isBoolean = OPTIONS[name].placeholder === "";
    const text = value ?? (isBoolean ? "true" : argv[++i]);
    if (text === undefined) throw new InvalidArgument(`flag -${flag} needs a value`);
    const earlier = TABLE[name].join === undefined ? [] : (texts.get(name)?.texts ?? []);
    texts.set(name, { texts: [...earlier, text], source: "flag", label: `flag -${flag}` });
  }
  return undefined;
}

function readVariables(environment: Environment, texts: Texts): void {
  for (const name of OPTION_NAMES) {
    const variable = variableOf(OPTIONS[name].flag);
    const text = environment[variable];
    if (text === undefined || texts.has(name)) continue;
    texts.set(name, { texts: [text], source: "environment", label: `variable ${variable}` });
  }
}

type PartialConfig = { -readonly [K in OptionName]?: Config[K] };

function setOption<K extends OptionName>(config: PartialConfig, name: K, texts: Texts): void {
  const { defaultValue, join, parse, secret } = TABLE[name];
  const { label = "", texts: given = [] } = texts.get(name) ?? {};
  const accept = (value: Config[K] | InvalidValue, text: string): Config[K] => {
    if (!(value instanceof InvalidValue)) return value;
    const shown = secret ? "" : ` (it is ${shortened(JSON.stringify(text))})`;
    throw new InvalidArgument(`${label} ${value.reason}${shown}`);
  };
  const values = given.map((text) => accept(parse(text), text));
  const last = values.at(-1) ?? defaultValue;
  config[name] = join === undefined ? last : accept(join(values), given.join(" "));
}

function isComplete(config: PartialConfig): config is Config {
  return OPTION_NAMES.every((name) => name in config);
}

function checkTogether(config: Config): void {
  if (config.pingIntervalMs >= config.pongWaitMs) {
    throw new InvalidArgument(
      "-ping-interval must be shorter than -pong-wait, or every idle connection would be closed",
    );
  }
  if ((config.tlsCert === "") !== (config.tlsKey === "")) {
    throw new InvalidArgument("-tls-cert and -tls-key need each other");
  }
}

/** Keeps what was typed from filling the screen. */
function shortened(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)}...` : text;
}

/** Keeps a message on one line, whatever was typed. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, "?");
}

/**
 * Understands a command line and an environment: a flag beats its variable, which beats the default.
 * @param argv the words after the program's name; `-name=value`, `--name=value`, `-name value`, `--name value`, and
 *   a boolean flag alone for true
 */
export function parseCommand(argv: readonly string[], environment: Environment): Command {
  try {
    const texts: Texts = new Map();
    const instead = readFlags(argv, texts);
    if (instead !== undefined) return { kind: instead };
    readVariables(environment, texts);
    const config: PartialConfig = {};
    for (const name of OPTION_NAMES) setOption(config, name, texts);
    if (!isComplete(config)) throw new Error("an option has no value");
    checkTogether(config);
    return { kind: "run", config, sources: new Map([...texts].map(([name, { source }]) => [name, source])) };
  } catch (error) {
    if (!(error instanceof InvalidArgument)) throw error;
    const hint = error instanceof UnknownWord ? verbHint(argv) : "";
    return { kind: "invalid", message: printable(error.message) + hint };
  }
}

/**
 * What to do where a verb stands behind options, which makes them the server's, or where another word stands in the place of
 * a verb; empty otherwise.
 */
function verbHint(argv: readonly string[]): string {
  const verb = argv.find((word) => verbOf(word) !== undefined);
  if (verb !== undefined) return `; the options of a verb go behind it: ringcast ${verb} [options]`;
  return /^[a-z]/i.test(argv[0] ?? "") ? `; the verbs are ${Object.keys(VERBS).join(", ")}` : "";
}
