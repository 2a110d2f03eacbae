import { type CryptoKey, exportJWK, generateKeyPair, type JWK, type JWTHeaderParameters, SignJWT } from "jose";

/** A program elsewhere that signs tokens with a private key of its own. */
export class ForeignSigner {
  readonly alg: string;
  /** The public key, as it stands in a JWK set. */
  readonly jwk: JWK;
  readonly privateKey: CryptoKey;
  #nowMs: () => number;

  private constructor(alg: string, jwk: JWK, privateKey: CryptoKey, nowMs: () => number) {
    this.alg = alg;
    this.jwk = jwk;
    this.privateKey = privateKey;
    this.#nowMs = nowMs;
  }

  static async create(alg: string, kid: string, nowMs: () => number = Date.now): Promise<ForeignSigner> {
    const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
    return new ForeignSigner(alg, { ...(await exportJWK(publicKey)), kid }, privateKey, nowMs);
  }

  /** A token for everything, of a minute, by the client `c1`; claims and header can be said otherwise. */
  sign(claims: object = {}, header: Partial<JWTHeaderParameters> = {}): Promise<string> {
    const exp = Math.floor(this.#nowMs() / 1000) + 60;
    return new SignJWT({ sub: "c1", aud: "ringcast", exp, subscribe: ["*"], publish: ["*"], ...claims })
      .setProtectedHeader({ alg: this.alg, ...(this.jwk.kid === undefined ? {} : { kid: this.jwk.kid }), ...header })
      .sign(this.privateKey);
  }
}

/** The text of a JWK set. */
export function keySet(...keys: readonly JWK[]): string {
  return JSON.stringify({ keys });
}
