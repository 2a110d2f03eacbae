import { InvalidValue } from "./invalid-value.ts";

/** What an API key may allow: everything; publishing to every topic; subscribing to every topic. */
export const ROLES = ["admin", "publish", "subscribe"] as const;
export type Role = (typeof ROLES)[number];

/** An API key, and the name by which logs and statistics know its holder. */
export interface ApiKey {
  readonly name: string;
  readonly role: Role;
  readonly key: string;
}

/** Each request's key is compared with all of them, so there is an end to their number. */
export const MAX_API_KEYS = 1000;
/** The most bytes of a file of keys: enough for as many, each as long as can be, and for comments. */
export const MAX_KEYS_FILE_BYTES = 1_048_576;

const NAME = /^[A-Za-z0-9._-]{1,64}$/;
/** Only what a header can carry unchanged. */
const KEY = /^[\x21-\x7e]{1,256}$/;

function roleOf(text: string): Role | undefined {
  return ROLES.find((role) => role === text);
}

/** `NAME:ROLE:KEY`. What has not this form, such as any text with another word for the role, is a key by itself. */
function readNamed(text: string): ApiKey | undefined {
  const [, name = "", roleText = "", key = ""] = /^([^:]*):([^:]*):(.*)$/s.exec(text) ?? [];
  const role = roleOf(roleText);
  return role !== undefined && NAME.test(name) && KEY.test(key) ? { name, role, key } : undefined;
}

/**
 * Reads one value of `-api-key`: a key for everything, still without a name; or `NAME:ROLE:KEY`, and several of these
 * with white space between. Several keys without names are none: whoever writes a pass phrase means one key.
 */
export function parseApiKeys(text: string): readonly ApiKey[] | InvalidValue {
  if (text === "") return [];
  const named = text.trim().split(/\s+/).map(readNamed);
  const keys = named.filter((key) => key !== undefined);
  if (keys.length === named.length) return keys;
  if (KEY.test(text)) return [{ name: "", role: "admin", key: text }];
  return new InvalidValue(
    "must be at most 256 visible ASCII characters, or NAME:ROLE:KEY where the role is admin, publish or subscribe, " +
      "or several of these with spaces between",
  );
}

/** Gives names to the keys that have none, `api-key`, `api-key-2` and so on, and holds all of them to be different. */
export function joinApiKeys(values: readonly (readonly ApiKey[])[]): readonly ApiKey[] | InvalidValue {
  let unnamed = 0;
  const keys = values.flat().map((key) => {
    if (key.name !== "") return key;
    unnamed++;
    return { ...key, name: unnamed === 1 ? "api-key" : `api-key-${unnamed}` };
  });
  const clash = clashOf(keys);
  return clash === undefined ? keys : new InvalidValue(clash);
}

/** What keeps keys from being used together, in words that follow the option's name; undefined where nothing does. */
export function clashOf(keys: readonly ApiKey[]): string | undefined {
  if (keys.length > MAX_API_KEYS) return `must hold at most ${MAX_API_KEYS} keys`;
  const names = new Set<string>();
  const nameByKey = new Map<string, string>();
  for (const { key, name } of keys) {
    if (names.has(name)) return `must not give the name ${name} to two keys`;
    names.add(name);
    const other = nameByKey.get(key);
    if (other !== undefined) return `must not hold the same key as ${other} and as ${name}`;
    nameByKey.set(key, name);
  }
  return undefined;
}

/** What is wrong with one line of a file of keys. Nothing of the line is repeated: any word of it may be the key. */
function readLine(line: string): ApiKey | string {
  const [name = "", roleText = "", key = "", ...more] = line.trim().split(/\s+/);
  const role = roleOf(roleText);
  if (key === "" || more.length > 0) return "is not a name, a role and a key, with spaces between";
  if (!NAME.test(name)) return "has a name that is not 1 to 64 letters, digits, dots, dashes and underscores";
  if (role === undefined) return `has a role that is none of ${ROLES.join(", ")}`;
  if (!KEY.test(key)) return "has a key that is not 1 to 256 visible ASCII characters";
  return { name, role, key };
}

/**
 * Reads the file of `-api-keys-file`: one key a line as `name role key`; lines that are blank or begin with `#` say
 * nothing. What is wrong is named by its line, in words that follow the file's name. A file without any key is wrong,
 * too: one that somebody is just writing must not let everybody in.
 */
export function parseKeysFile(text: string): readonly ApiKey[] | InvalidValue {
  const keys: ApiKey[] = [];
  const lineByName = new Map<string, number>();
  const lineByKey = new Map<string, number>();
  for (const [i, line] of text.split("\n").entries()) {
    if (/^\s*(#|$)/.test(line)) continue;
    const read = readLine(line);
    if (typeof read === "string") return new InvalidValue(`is wrong: line ${i + 1} ${read}`);
    const sameName = lineByName.get(read.name);
    if (sameName !== undefined) return new InvalidValue(`is wrong: line ${i + 1} has the name of line ${sameName}`);
    const sameKey = lineByKey.get(read.key);
    if (sameKey !== undefined) return new InvalidValue(`is wrong: line ${i + 1} has the key of line ${sameKey}`);
    if (keys.length === MAX_API_KEYS) return new InvalidValue(`holds more than ${MAX_API_KEYS} keys`);
    lineByName.set(read.name, i + 1);
    lineByKey.set(read.key, i + 1);
    keys.push(read);
  }
  return keys.length > 0 ? keys : new InvalidValue("holds no key");
}
