import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Availability, firstLineOf, type Peer, type Place } from "./peer.ts";

/** Centrifugo, its JSON protocol over WebSocket. */
export const centrifugo: Peer = {
  name: "centrifugo",
  keepsHistory: true,
  find(): Availability {
    const line = firstLineOf("centrifugo", "version");
    if (line === undefined) {
      return { missing: "centrifugo is not on the PATH (go install github.com/centrifugal/centrifugo/v6@latest)" };
    }
    return { version: /v?(\d+\.\d+\.\d+)/.exec(line)?.[1] ?? line };
  },
  command({ port, directory }: Place): readonly string[] {
    const file = join(directory, "centrifugo.json");
    writeFileSync(file, JSON.stringify(configuration(port)));
    return ["centrifugo", "--config", file];
  },
};

function configuration(port: number): object {
  return {
    http_server: { address: "127.0.0.1", port: String(port) },
    log: { level: "warn" },
    client: {
      allow_anonymous_connect_without_token: true,
      // The load answers no pings, and no run is as long as this.
      ping_interval: "120s",
      pong_timeout: "60s",
      channel_limit: 20_000,
    },
    channel: {
      without_namespace: {
        allow_subscribe_for_client: true,
        allow_subscribe_for_anonymous: true,
        allow_publish_for_subscriber: false,
        allow_publish_for_client: true,
        allow_publish_for_anonymous: true,
        allow_history_for_client: true,
        allow_history_for_anonymous: true,
        // The same history as Ringcast keeps.
        history_size: 100,
        history_ttl: "300s",
      },
    },
  };
}
