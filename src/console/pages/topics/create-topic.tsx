import { useEffect, useId, useRef, useState } from "preact/hooks";
import { parseTopicTtl, TOPIC_TTL_RULE } from "../../../config/topic-ttl.ts";
import { request } from "../../api.ts";
import { Dialog } from "../../parts/dialog.tsx";
import { say } from "../../parts/toast.tsx";
import { nameProblem } from "./topic-name.ts";

interface Props {
  /** What the field holds at first. */
  readonly name?: string;
  readonly onCreated: () => void;
  readonly onClose: () => void;
}

function ttlProblem(ttl: string): string | undefined {
  return ttl === "" || parseTopicTtl(ttl) !== undefined ? undefined : `It ${TOPIC_TTL_RULE}.`;
}

/** Asks for the name of a new topic and how long it stays, and makes it. */
export function CreateTopic({ name: firstName = "", onClose, onCreated }: Props) {
  const [name, setName] = useState(firstName);
  const [ttl, setTtl] = useState("");
  const [refusal, setRefusal] = useState("");
  const [isTried, setTried] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const id = useId();
  useEffect(() => input.current?.focus(), []);
  const isEmptyYet = name === "" && !isTried;
  const problem = refusal !== "" ? refusal : isEmptyYet ? undefined : nameProblem(name);

  const create = async (event: Event) => {
    event.preventDefault();
    setTried(true);
    if (isBusy || nameProblem(name) !== undefined || ttlProblem(ttl) !== undefined) return;
    setBusy(true);
    try {
      await request("POST", "/topics", ttl === "" ? { name } : { name, ttl });
      say(`Created ${name}`);
      onCreated();
      onClose();
    } catch (error) {
      setRefusal(`It did not work: ${error instanceof Error ? error.message : String(error)}.`);
      setBusy(false);
    }
  };

  return (
    <Dialog title="Create topic" onClose={onClose}>
      <form class="stack" onSubmit={create}>
        <div class="field">
          <label for={id}>Name</label>
          <input
            id={id}
            ref={input}
            class="input"
            autocomplete="off"
            spellcheck={false}
            value={name}
            aria-invalid={problem !== undefined}
            aria-describedby={`${id}-hint`}
            onInput={({ currentTarget }) => {
              setName(currentTarget.value);
              setRefusal("");
            }}
          />
          <span id={`${id}-hint`} class={`small ${problem === undefined ? "muted" : "error"}`} role="status">
            {problem ?? "1 to 255 bytes; spaces, slashes and any letters are fine."}
          </span>
        </div>
        <TtlField ttl={ttl} onInput={setTtl} />
        <div class="actions">
          <button type="button" class="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="button button-primary">
            Create
          </button>
        </div>
      </form>
    </Dialog>
  );
}

interface TtlFieldProps {
  readonly ttl: string;
  readonly onInput: (ttl: string) => void;
}

function TtlField({ onInput, ttl }: TtlFieldProps) {
  const id = useId();
  const problem = ttlProblem(ttl);
  return (
    <div class="field">
      <label for={id}>TTL (optional)</label>
      <input
        id={id}
        class="input"
        autocomplete="off"
        spellcheck={false}
        placeholder="30s, 1h or never"
        value={ttl}
        aria-invalid={problem !== undefined}
        aria-describedby={`${id}-hint`}
        onInput={({ currentTarget }) => onInput(currentTarget.value)}
      />
      <span id={`${id}-hint`} class={`small ${problem === undefined ? "muted" : "error"}`} role="status">
        {problem ?? "How long it stays after its last subscriber has left. Empty: as long as the server's -topic-ttl."}
      </span>
    </div>
  );
}
