import { createPublicKey } from "node:crypto";
import type { JSONWebKeySet, JWK } from "jose";
import { z } from "zod";

/** What tokens signed elsewhere may be signed with: nothing that is checked by a key which must stay secret. */
export const PUBLIC_ALGORITHMS = ["RS256", "ES256", "EdDSA"] as const;
/** The most bytes of a key set. */
export const MAX_KEY_SET_BYTES = 262_144;
/** What to say of a file or a URL where `parseKeySet` finds nothing. */
export const NO_KEY_SET = `holds no JWK set with a public key for ${PUBLIC_ALGORITHMS.join(", ")}`;
/** RFC 7518, section 3.3. */
const MIN_RSA_BITS = 2048;
/** RFC 8017, section 3.1. With 1, every message would be its own signature. */
const MIN_RSA_EXPONENT = 3n;

/** The keys of a set that can be used, and how many there are besides. */
export interface KeySet {
  readonly jwks: JSONWebKeySet;
  readonly ignored: number;
}

/** What every key has (RFC 7517, section 4). */
const common = z.object({
  kid: z.string().exactOptional(),
  use: z.literal("sig").exactOptional(),
  key_ops: z
    .array(z.string())
    .refine((operations) => operations.includes("verify"))
    .optional(),
  // A private key that stands here is no secret any more, whoever it belongs to.
  d: z.undefined().optional(),
});

/** RFC 7518, section 6, and RFC 8037. Each key is good for one algorithm, whatever a token says. */
const keySchema = z
  .discriminatedUnion("kty", [
    common.extend({ kty: z.literal("RSA"), alg: z.literal("RS256").default("RS256"), n: z.string(), e: z.string() }),
    common.extend({
      kty: z.literal("EC"),
      crv: z.literal("P-256"),
      alg: z.literal("ES256").default("ES256"),
      x: z.string(),
      y: z.string(),
    }),
    common.extend({
      kty: z.literal("OKP"),
      crv: z.literal("Ed25519"),
      alg: z.literal("EdDSA").default("EdDSA"),
      x: z.string(),
    }),
  ])
  // The runtime takes no public key with more operations than `verify`.
  .transform(({ d: _d, key_ops: _operations, ...key }) => key);

const setSchema = z.object({ keys: z.array(z.unknown()) });

/**
 * A key as the runtime itself writes it; nothing where its numbers make up none, which else would come out at the first
 * token, as a fault.
 */
function readKey(value: unknown): JWK | undefined {
  const { data } = keySchema.safeParse(value);
  if (data === undefined) return undefined;
  try {
    const key = createPublicKey({ key: data, format: "jwk" });
    const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {};
    const isWeak = data.kty === "RSA" && (modulusLength < MIN_RSA_BITS || publicExponent < MIN_RSA_EXPONENT);
    return isWeak ? undefined : { ...data, ...key.export({ format: "jwk" }) };
  } catch {
    return undefined;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Reads a JWK set (RFC 7517, section 5). Keys of other kinds or for other purposes are ignored, as the RFC advises, and
 * so are malformed and private ones.
 * @returns undefined where the text is no such set, or none of its keys can be used
 */
export function parseKeySet(text: string): KeySet | undefined {
  const set = setSchema.safeParse(parseJson(text));
  if (!set.success) return undefined;
  const keys = set.data.keys.map(readKey).filter((key) => key !== undefined);
  return keys.length === 0 ? undefined : { jwks: { keys }, ignored: set.data.keys.length - keys.length };
}
