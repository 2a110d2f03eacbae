/** The path of the WebSocket. */
export const WEBSOCKET_PATH = "/ws";

/** Whether a path, percent-encoded, is one of event streams. */
export function isEventStreamPath(path: string): boolean {
  return path === "/events" || /^\/topics\/[^/]+\/events$/.test(path);
}
