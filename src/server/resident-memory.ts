/** The resident memory of the process, in bytes; undefined while it can't be read, such as when no file can be opened. */
export function residentMemory(): number | undefined {
  try {
    return process.memoryUsage.rss();
  } catch {
    return undefined;
  }
}
