import { useEffect } from "preact/hooks";
import { place } from "../../router.ts";
import { Composer } from "./composer.tsx";
import { ConnectionBar, Ending } from "./connection-bar.tsx";
import { topic } from "./form.ts";
import { FrameLog } from "./frame-log.tsx";
import { SnippetPanel } from "./snippet-panel.tsx";
import { Steps } from "./steps.tsx";
import "./try-it.css";

/** A playground: a WebSocket of its own, with each frame as it is. */
export function TryItPage() {
  const { subject } = place.value;
  useEffect(() => {
    if (subject !== undefined) topic.value = subject;
  }, [subject]);
  return (
    <>
      <div class="page-header">
        <h1>Try it</h1>
        <ConnectionBar />
      </div>
      <Ending />
      <Steps />
      <div class="try-it">
        <Composer />
        <SnippetPanel />
        <FrameLog />
      </div>
    </>
  );
}
