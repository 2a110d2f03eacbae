/** The path of the WebSocket. */
export const WEBSOCKET_PATH = "/ws";

/** The path that opens a session by HTTP; below it, by its id, each session takes its requests. */
export const SESSION_PATH = `${WEBSOCKET_PATH}/session`;

/** Whether a path is that of a session's requests. */
export function isSessionRequestPath(path: string): boolean {
  return path.startsWith(`${SESSION_PATH}/`) && !path.includes("/", SESSION_PATH.length + 1);
}

/** Whether a path, percent-encoded, is one of event streams. */
export function isEventStreamPath(path: string): boolean {
  return path === "/events" || /^\/topics\/[^/]+\/events$/.test(path);
}
