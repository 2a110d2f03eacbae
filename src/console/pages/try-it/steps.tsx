import { Icon } from "../../parts/icon.tsx";
import { publish, subscribe } from "./actions.ts";
import { doneSteps, nextStep, type Step, stepsShown } from "./first-steps.ts";
import { mode } from "./form.ts";
import "./steps.css";

interface StepText {
  readonly step: Step;
  readonly title: string;
  readonly words: string;
  /** What does it, where a button can. */
  readonly action?: { readonly label: string; readonly run: () => void };
}

const TEXTS: readonly StepText[] = [
  {
    step: "subscribe",
    title: "Subscribe",
    words: "Listen to the form's topic: an ack comes back.",
    action: {
      label: "Subscribe",
      run: () => {
        mode.value = "subscribe";
        subscribe();
      },
    },
  },
  {
    step: "publish",
    title: "Publish",
    words: "Send to the same topic: an event comes, then an ack.",
    action: {
      label: "Publish",
      run: () => {
        mode.value = "publish";
        publish();
      },
    },
  },
  { step: "read", title: "Look inside", words: "Open a line of the list to read its frame." },
];

function StepItem({ number, text }: { readonly number: number; readonly text: StepText }) {
  const isDone = doneSteps.value.has(text.step);
  const isNext = nextStep.value === text.step;
  return (
    <li class="step" aria-current={isNext ? "step" : undefined} data-done={isDone}>
      <span class="step-number" aria-hidden="true">
        {isDone ? <Icon name="check" /> : number}
      </span>
      <div>
        <h3>
          {text.title}
          {isDone ? <span class="visually-hidden"> (done)</span> : null}
        </h3>
        <p class="muted small">{text.words}</p>
      </div>
      {text.action !== undefined && isNext ? (
        <button type="button" class="button step-action" onClick={text.action.run}>
          {text.action.label}
        </button>
      ) : null}
    </li>
  );
}

/** The first steps, until they are done or the user has enough of them. */
export function Steps() {
  if (!stepsShown.value) return null;
  const hide = () => {
    stepsShown.value = false;
  };
  if (nextStep.value === undefined) {
    return (
      <div class="card steps steps-done">
        <Icon name="check" />
        <p>
          That is all of it: <strong>subscribe</strong>, <strong>publish</strong>, and one answer to each request. Try
          replay next, or a raw frame with a mistake in it.
        </p>
        <button type="button" class="button button-quiet" onClick={hide}>
          Done
        </button>
      </div>
    );
  }
  return (
    <section class="card steps" aria-labelledby="try-steps">
      <h2 id="try-steps" class="visually-hidden">
        First steps
      </h2>
      <ol>
        {TEXTS.map((text, index) => (
          <StepItem key={text.step} number={index + 1} text={text} />
        ))}
      </ol>
      <button type="button" class="button button-quiet button-icon" aria-label="Hide the first steps" onClick={hide}>
        <Icon name="close" />
      </button>
    </section>
  );
}
