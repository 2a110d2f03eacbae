// What `npm start` runs: installs and builds what is missing, then serves in this process.
// Usage: node scripts/start.js [-flag=value ...]
import { installIfMissing } from "./install-if-missing.js";

installIfMissing();
const { buildIfStale } = await import("./build-if-stale.js");
if (!(await buildIfStale())) process.exit(1);
await import("../dist/ringcast.js");
