// What the server's numbers and codes mean, in words for somebody who tries it.

/** Why a connection ended. */
export interface Ending {
  readonly title: string;
  readonly advice: string;
}

const REFUSED_OR_LOST =
  "The server is gone, the network broke, or the upgrade was refused. A browser does not tell which; the server's log does.";

/** A close code in words (RFC 6455, section 7.4; 4000 and up are Ringcast's own). */
export function explainClose(code: number): Ending {
  switch (code) {
    case 1000:
    case 1005:
      return { title: "Disconnected", advice: "The connection was closed from here." };
    case 1001:
      return { title: "The server is shutting down", advice: "Connect again in a moment." };
    case 1002:
      return { title: "Protocol error", advice: "A frame broke the WebSocket protocol." };
    case 1006:
      return { title: "The connection broke", advice: REFUSED_OR_LOST };
    case 1007:
      return { title: "Not UTF-8", advice: "A text message was not valid UTF-8." };
    case 1008:
      return {
        title: "Slow consumer",
        advice: "More came than was read, a whole queue was lost, so the server let go. It may also be too many pings.",
      };
    case 1009:
      return { title: "Message too large", advice: "A frame was larger than the server's -max-message-size." };
    case 1011:
      return { title: "A fault of the server", advice: "It is in the server's log. Connecting again may help." };
    case 4401:
      return {
        title: "The token has ended",
        advice: "Or its key is gone, or no longer allows what was subscribed. Connect again for a new one.",
      };
    case 4403:
      return { title: "Cut off by an operator", advice: "Somebody ended this connection, here or by the API." };
    case 4404:
      return {
        title: "The topic was deleted",
        advice: "It was the last one that this connection was subscribed to.",
      };
    default:
      return { title: "Closed", advice: "The server or something in between ended the connection." };
  }
}

const ERRORS: Readonly<Record<string, string>> = {
  BAD_REQUEST: "The frame is malformed, or against a rule. Nothing was done; the connection goes on.",
  UNAUTHORIZED: "The token is missing, wrong, or has ended.",
  FORBIDDEN: "The key or token does not allow this. Topics that begin with $sys/ are the server's own.",
  TOPIC_NOT_FOUND: "There is no such topic, and the server begins none by itself (-auto-create-topics=false).",
  LIMIT_EXCEEDED: "As many topics, or subscriptions of one connection, as the server allows.",
  SLOW_CONSUMER: "This connection did not read; the server closes it.",
  UNAVAILABLE: "The server shuts down, or could not store the message. Try again in a moment.",
  INTERNAL: "A fault of the server; it is in its log.",
};
const INFOS: Readonly<Record<string, string>> = {
  MESSAGES_DROPPED: "This connection lost events because it did not keep up. Subscribe with since to fetch them.",
  TOPIC_DELETED: "The topic is gone, and the subscription with it.",
  TOKEN_EXPIRING: "The token ends soon; the page fetches a new one and refreshes the connection.",
  SERVER_SHUTDOWN: "What is queued still comes, then the server closes with 1001.",
};

/** What an error or a notice of the server means; undefined where its own message has to do. */
export function explainCode(code: string): string | undefined {
  if (Object.hasOwn(ERRORS, code)) return ERRORS[code];
  return Object.hasOwn(INFOS, code) ? INFOS[code] : undefined;
}
