import { join } from "node:path";

/** Where a certificate and its private key are, both PEM. */
export interface CertificateFiles {
  readonly certificate: string;
  readonly key: string;
}

/**
 * Makes a self-signed certificate for 127.0.0.1 in a directory, with a key on the curve P-256.
 * Throws if the program openssl is missing or fails.
 */
export function selfSignedCertificate(directory: string): CertificateFiles {
  const files = { certificate: join(directory, "certificate.pem"), key: join(directory, "key.pem") };
  const words = ["req", "-x509", "-nodes", "-days", "2", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
  const subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"];
  if (Bun.which("openssl") === null) throw new Error("openssl is needed (Debian: apt-get install openssl)");
  const output = ["-out", files.certificate, "-keyout", files.key];
  const { exitCode, stderr } = Bun.spawnSync(["openssl", ...words, ...subject, ...output]);
  if (exitCode !== 0) throw new Error(`openssl failed: ${stderr.toString().trim()}`);
  return files;
}
