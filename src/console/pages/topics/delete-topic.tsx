import { request, topicPath } from "../../api.ts";
import { Confirm } from "../../parts/confirm.tsx";
import { formatCount } from "../../parts/format.ts";
import { Name } from "../../parts/name.tsx";
import { say } from "../../parts/toast.tsx";

interface Props {
  readonly name: string;
  readonly subscribers: number;
  readonly onDeleted: () => void;
  readonly onClose: () => void;
}

function consequence(subscribers: number): string {
  if (subscribers === 0) return "Nobody is subscribed to it.";
  return subscribers === 1
    ? "Its one subscriber is cut off; a client that has no other subscription is disconnected."
    : `Its ${formatCount(subscribers)} subscribers are cut off; clients that have no other subscription are disconnected.`;
}

/** Asks whether a topic is to be deleted, and says what that does. */
export function DeleteTopic({ name, onClose, onDeleted, subscribers }: Props) {
  const remove = async () => {
    await request("DELETE", topicPath(name));
    say(`Deleted ${name}`);
    onDeleted();
  };
  return (
    <Confirm title="Delete this topic?" action="Delete topic" onConfirm={remove} onClose={onClose}>
      <p class="confirm-subject">
        <Name text={name} />
      </p>
      <p>The messages that it remembers are gone with it. {consequence(subscribers)}</p>
    </Confirm>
  );
}
