import { useEffect } from "preact/hooks";
import { place } from "../router.ts";
import { Composer } from "./try-it/composer.tsx";
import { ConnectionBar, Ending } from "./try-it/connection-bar.tsx";
import { topic } from "./try-it/form.ts";
import { FrameLog } from "./try-it/frame-log.tsx";
import { SnippetPanel } from "./try-it/snippet-panel.tsx";
import { Steps } from "./try-it/steps.tsx";
import "./try-it.css";

/** A playground: a WebSocket of its own, with each frame as it is. */
export function TryItPage() {
  const { subject } = place.value;
  useEffect(() => {
    if (subject !== undefined && subject !== "") topic.value = subject;
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
