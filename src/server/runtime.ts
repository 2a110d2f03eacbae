/** The program that runs the server, with its version: `Node.js 26.1.0` or `Bun 1.4.5`. */
export const RUNTIME =
  process.versions["bun"] === undefined ? `Node.js ${process.versions.node}` : `Bun ${process.versions["bun"]}`;

/** Whether Bun runs the server: some of its sockets behave otherwise. */
export const IS_BUN = process.versions["bun"] !== undefined;
