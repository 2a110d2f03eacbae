const NAMES: Readonly<Record<string, string>> = {
  websocket: "WebSocket",
  sse: "Event stream",
  http: "HTTP session",
};

/** What people call a transport; one that came later stands by its own name. */
export function transportName(transport: string): string {
  return NAMES[transport] ?? transport;
}
