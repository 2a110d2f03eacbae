import { fstatSync } from "node:fs";
import { Socket } from "node:net";
import pino from "pino";
import { IS_BUN } from "./runtime.ts";

const STDOUT = 1;
/** Past this many bytes that nobody takes from standard output, lines are lost rather than memory. */
const MAX_PENDING_BYTES = 4 * 1024 * 1024;
/** How long the last lines may take on their way out. */
const CLOSE_TIMEOUT_MS = 1000;

/** Where log lines go. A reader that is slow or has stopped must delay neither the server nor its end. */
export interface LogOutput {
  /** Takes a line; loses it where too many are pending, or nobody is left to read it. */
  write(line: string): void;
  /** Writes what is still in memory, for a second at most. */
  close(): Promise<void>;
}

/** Opens standard output for log lines. */
export function openLogOutput(): LogOutput {
  return !IS_BUN && isPipe(STDOUT) ? pipeOutput() : fileOutput();
}

function isPipe(fd: number): boolean {
  try {
    const stat = fstatSync(fd);
    return stat.isFIFO() || stat.isSocket();
  } catch {
    // It is closed.
    return false;
  }
}

/** Writes without blocking: a thread that is blocked by a full pipe would keep a Node.js process from its exit. */
function pipeOutput(): LogOutput {
  const socket = new Socket({ fd: STDOUT, readable: false, writable: true });
  socket.unref();
  socket.on("error", () => {});
  return {
    write: (line) => {
      if (!socket.destroyed && socket.writableLength + line.length <= MAX_PENDING_BYTES) socket.write(line);
    },
    close: () =>
      within((done) => {
        if (socket.destroyed) done();
        else socket.end(done);
      }),
  };
}

/** Writes in a thread of its own: files and terminals. */
function fileOutput(): LogOutput {
  const output = pino.destination({ dest: STDOUT, sync: false, minLength: 0, maxLength: MAX_PENDING_BYTES });
  // Standard output may be closed, or never have been open: there is nobody left to tell, and no reason to end.
  output.on("error", () => {});
  // At exit pino would write the rest synchronously, and wait without end for an output that nobody reads. `close`
  // has given it its time.
  output.flushSync = () => {};
  return {
    write: (line) => void output.write(line),
    close: () =>
      within((done) => {
        output.on("close", done);
        output.end();
      }),
  };
}

/** Resolves when it is done, or at the deadline. */
function within(start: (done: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, CLOSE_TIMEOUT_MS);
    start(resolve);
  });
}
