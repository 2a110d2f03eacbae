import { readFileSync } from "node:fs";
import { join } from "node:path";

/** A certificate for localhost that signs itself, with its key; good until 2126, and for nothing but tests. */
function load(name: string) {
  const certFile = join(import.meta.dirname, "certificates", `${name}.crt`);
  const keyFile = join(import.meta.dirname, "certificates", `${name}.key`);
  return { name, certFile, keyFile, cert: readFileSync(certFile, "utf8"), key: readFileSync(keyFile, "utf8") };
}

export type TestCertificate = ReturnType<typeof load>;

/** Made by `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500`. */
export const CERTIFICATES = { first: load("first"), second: load("second") };
