import { type ClientSummary, request } from "../../api.ts";
import { Confirm } from "../../parts/confirm.tsx";
import { formatCount, formatThings } from "../../parts/format.ts";
import { Name } from "../../parts/name.tsx";
import { say } from "../../parts/toast.tsx";

interface Props {
  readonly client: ClientSummary;
  readonly isOwn: boolean;
  readonly onCutOff: () => void;
  readonly onClose: () => void;
}

/** Asks whether a client is to be disconnected, and says what that does. */
export function CutOff({ client, isOwn, onClose, onCutOff }: Props) {
  const { as, client_ids: clientIds, id, subscription_count: subscriptions } = client;
  const cutOff = async () => {
    await request("DELETE", `/clients/${id}`);
    say(`Cut off client ${id}`);
    onCutOff();
  };
  return (
    <Confirm title="Cut off this client?" action="Cut off" onConfirm={cutOff} onClose={onClose}>
      <p class="confirm-subject">
        Client {formatCount(id)}: <Name text={clientIds.length === 0 ? as : clientIds.join(", ")} />
      </p>
      <p>
        {isOwn
          ? "This is the connection of this console. It comes back by itself."
          : `Its connection is closed (4403) with its ${formatThings(subscriptions, "subscription")}, and what waits for it is lost. It may connect again.`}
      </p>
    </Confirm>
  );
}
