import { readFileSync, statSync } from "node:fs";

/** A file that an option names, and that is of no use: which and why, in one line. */
export class UnusableFile extends Error {
  /**
   * @param flag the option's flag, without its dash
   * @param reason what follows the file's name: "holds no …"
   */
  constructor(flag: string, path: string, reason: string) {
    super(`-${flag} must name a file that is of use: ${JSON.stringify(path)} ${reason}`);
  }
}

/**
 * Reads the text of a file that an option names.
 * @throws {UnusableFile} where it can't be read, is no plain file, or is larger than `maxBytes`
 */
export function readOptionFile(flag: string, path: string, maxBytes: number): string {
  try {
    const about = statSync(path);
    // A pipe would hold up the server until somebody writes to it, a device might never end.
    if (!about.isFile()) throw new UnusableFile(flag, path, "is no plain file");
    if (about.size > maxBytes) throw new UnusableFile(flag, path, `is larger than ${maxBytes} bytes`);
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof UnusableFile) throw error;
    throw new UnusableFile(flag, path, `can't be read (${error instanceof Error ? error.message : String(error)})`);
  }
}
