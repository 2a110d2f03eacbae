import { encodeInfo } from "../protocol/encode.ts";
import { CLOSE } from "../protocol/errors.ts";
import type { Logger } from "./logger.ts";
import type { RunningServer } from "./server.ts";

/** The longest time that clients have to take what is queued for them (specification, "Graceful Shutdown"). */
const MAX_FLUSH_MS = 5000;
/** Of a short -shutdown-timeout, the share that the flush may take. */
const FLUSH_SHARE = 0.7;
/**
 * How long the process stays after the last close frame. The kernel resets a connection whose process ends while
 * something from the client lies unread, and a reset throws away what the client has not read yet.
 */
const LINGER_MS = 500;

const REASON = "the server is shutting down";

function after(ms: number): Promise<"timeout"> {
  return new Promise((resolve) => setTimeout(() => resolve("timeout"), ms));
}

/**
 * Ends a server gracefully: nothing new, every client told, queues flushed, connections closed with 1001. Resolves
 * when all is done; the caller bounds the whole.
 */
export async function shutDown(server: RunningServer, shutdownTimeoutMs: number, logger: Logger): Promise<void> {
  const { connections, hub } = server;
  server.drain();
  const clients = connections.count;
  logger.info({ clients }, "shutting down");
  const notice = encodeInfo(undefined, { code: "SERVER_SHUTDOWN", message: REASON }, new Date().toISOString());
  for (const session of hub.sessions()) {
    session.send(notice);
    session.end(CLOSE.GOING_AWAY, REASON, shutdownTimeoutMs);
  }
  const flushMs = Math.min(MAX_FLUSH_MS, shutdownTimeoutMs * FLUSH_SHARE);
  const outcome = await Promise.race([connections.whenEmpty(), after(flushMs)]);
  const left = connections.count;
  if (outcome === "timeout") logger.warn({ clients: left }, "flush timed out, clients closed with messages queued");
  for (const session of [...hub.sessions()]) session.close(CLOSE.GOING_AWAY, REASON);
  if (clients > 0) await after(Math.min(LINGER_MS, shutdownTimeoutMs * (1 - FLUSH_SHARE) * 0.5));
  await server.stop();
  logger.info({ flushed: clients - left, cutOff: left }, "shutdown complete");
}
