import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { createSecureContext } from "node:tls";
import type { Config } from "../config/options.ts";
import { readOptionFile, UnusableFile } from "./option-file.ts";

const CERT_FLAG = "tls-cert";
const KEY_FLAG = "tls-key";
/** The most bytes of either file: a chain of certificates has a few thousand. */
const MAX_PEM_BYTES = 1_048_576;

/** A certificate with its chain, and its key, both as PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
  /** Whom it is for, on one line, and until when: for the log. */
  readonly subject: string;
  readonly validTo: string;
}

/** Nothing of the file is told: OpenSSL's words help nobody, and what stands in the file is no one's business. */
function parseCertificate(path: string, text: string): X509Certificate {
  try {
    return new X509Certificate(text);
  } catch {
    throw new UnusableFile(CERT_FLAG, path, "holds no certificate in PEM");
  }
}

function parseKey(path: string, text: string): KeyObject {
  try {
    return createPrivateKey(text);
  } catch {
    const isEncrypted = text.includes("ENCRYPTED");
    throw new UnusableFile(KEY_FLAG, path, isEncrypted ? "is encrypted" : "holds no private key in PEM");
  }
}

/**
 * Reads the files of `-tls-cert` and `-tls-key`; undefined where none are given.
 * @throws {UnusableFile} where one can't be read, is not what it should be, or the two do not belong together
 */
export function readCertificate({ tlsCert, tlsKey }: Pick<Config, "tlsCert" | "tlsKey">): Certificate | undefined {
  if (tlsCert === "") return undefined;
  const cert = readOptionFile(CERT_FLAG, tlsCert, MAX_PEM_BYTES);
  const key = readOptionFile(KEY_FLAG, tlsKey, MAX_PEM_BYTES);
  const parsed = parseCertificate(tlsCert, cert);
  if (!parsed.checkPrivateKey(parseKey(tlsKey, key))) {
    throw new UnusableFile(KEY_FLAG, tlsKey, `holds another key than the one of ${JSON.stringify(tlsCert)}`);
  }
  try {
    // What is left to be wrong: the rest of the chain, or a kind of key that is not for TLS.
    createSecureContext({ cert, key });
  } catch {
    throw new UnusableFile(CERT_FLAG, tlsCert, "can't be used for TLS");
  }
  return { cert, key, subject: parsed.subject.replaceAll("\n", ", "), validTo: new Date(parsed.validTo).toISOString() };
}
