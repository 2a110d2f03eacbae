/** What was agreed on about permessage-deflate. */
export interface DeflateAgreement {
  /** The value of `Sec-WebSocket-Extensions` in the response. */
  readonly response: string;
}

/** One offer of `Sec-WebSocket-Extensions` (RFC 6455, section 9.1). A parameter without a value is `true`. */
interface ExtensionOffer {
  readonly name: string;
  readonly parameters: readonly (readonly [name: string, value: string | true])[];
}

const NAME = "permessage-deflate";
const AGREED = `${NAME}; server_no_context_takeover; client_no_context_takeover`;
const MAX_WINDOW_BITS = "15";
/** RFC 7692, section 7.1.2: 8 to 15, without leading zeros. */
const WINDOW_BITS = /^(?:[89]|1[0-5])$/;
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const QUOTED = /^"((?:[^"\\]|\\.)*)"$/;
/** Every quoted string ends. */
const BALANCED = /^(?:[^"]|"(?:[^"\\]|\\.)*")*$/;
/** What lies between separators outside of quoted strings. */
const OFFERS = /(?:[^,"]|"(?:[^"\\]|\\.)*")+/g;
const PARTS = /(?:[^;"]|"(?:[^"\\]|\\.)*")+/g;

/**
 * Chooses the first acceptable offer of permessage-deflate (RFC 7692, section 7.1) in a `Sec-WebSocket-Extensions`
 * header. Both sides go without context takeover, because compressed frames are shared by connections. An offer that
 * demands a smaller window of the server is declined for the same reason. Returns undefined where no offer is acceptable.
 */
export function negotiateDeflate(offer: string | undefined): DeflateAgreement | undefined {
  if (offer === undefined || !BALANCED.test(offer)) return undefined;
  for (const text of offer.match(OFFERS) ?? []) {
    const response = acceptOffer(parseOffer(text));
    if (response !== undefined) return { response };
  }
  return undefined;
}

/** The response to an offer, or undefined where it is declined. */
function acceptOffer(offer: ExtensionOffer | undefined): string | undefined {
  if (offer?.name !== NAME) return undefined;
  const names = new Set(offer.parameters.map(([name]) => name));
  if (names.size !== offer.parameters.length) return undefined;
  if (!offer.parameters.every(([name, value]) => isAcceptable(name, value))) return undefined;
  return names.has("server_max_window_bits") ? `${AGREED}; server_max_window_bits=${MAX_WINDOW_BITS}` : AGREED;
}

function isAcceptable(name: string, value: string | true): boolean {
  switch (name) {
    case "server_no_context_takeover":
    case "client_no_context_takeover":
      return value === true;
    case "server_max_window_bits":
      return value === MAX_WINDOW_BITS;
    case "client_max_window_bits":
      return value === true || WINDOW_BITS.test(value);
    default:
      return false;
  }
}

function parseOffer(text: string): ExtensionOffer | undefined {
  const [name = "", ...rest] = (text.match(PARTS) ?? []).map((part) => part.trim());
  const parameters: (readonly [string, string | true])[] = [];
  for (const part of rest) {
    const parameter = parseParameter(part);
    if (parameter === undefined) return undefined;
    parameters.push(parameter);
  }
  return TOKEN.test(name) ? { name, parameters } : undefined;
}

function parseParameter(text: string): readonly [string, string | true] | undefined {
  const equals = text.indexOf("=");
  if (equals < 0) return TOKEN.test(text) ? [text, true] : undefined;
  const name = text.slice(0, equals).trimEnd();
  const raw = text.slice(equals + 1).trimStart();
  const value = QUOTED.exec(raw)?.[1]?.replace(/\\(.)/g, "$1") ?? raw;
  return TOKEN.test(name) && TOKEN.test(value) ? [name, value] : undefined;
}
