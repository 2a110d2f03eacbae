import { useEffect, useRef } from "preact/hooks";
import { config, isKeyMissing, startFeed } from "./feed.ts";
import { ClientsPage } from "./pages/clients/clients.tsx";
import { EventsPage } from "./pages/events/events.tsx";
import { OverviewPage } from "./pages/overview/overview.tsx";
import { TopicPage } from "./pages/topics/topic.tsx";
import { TopicsPage } from "./pages/topics/topics.tsx";
import { TryItPage } from "./pages/try-it/try-it.tsx";
import { focusHeading } from "./parts/focus.ts";
import { Toast } from "./parts/toast.tsx";
import { type Place, place } from "./router.ts";
import { titleOf } from "./routes.ts";
import { KeyPrompt } from "./shell/key-prompt.tsx";
import { Shell } from "./shell/shell.tsx";

startFeed();

function Page({ page, subject }: Place) {
  switch (page) {
    case "overview":
      return <OverviewPage />;
    case "topics":
      return subject === undefined ? <TopicsPage /> : <TopicPage key={subject} name={subject} />;
    case "clients":
      return <ClientsPage />;
    case "try-it":
      return <TryItPage />;
    case "events":
      return <EventsPage />;
  }
}

/** A page that was gone to begins at its top, and its heading gets the focus, so that it is read out. */
function useArrival({ page, subject }: Place): void {
  const isFirst = useRef(true);
  useEffect(() => {
    document.title = titleOf({ page, subject });
    if (isFirst.current) {
      isFirst.current = false;
      return;
    }
    scrollTo(0, 0);
    focusHeading();
  }, [page, subject]);
}

/** The whole console: the page that the address names, or the question for the key. */
export function App() {
  useArrival(place.value);
  const isKnown = config.value !== undefined;
  const hasPages = isKnown && !isKeyMissing.value;
  return (
    <Shell hasPages={hasPages}>
      {hasPages ? <Page {...place.value} /> : isKnown ? <KeyPrompt /> : <h1>Ringcast</h1>}
      <Toast />
    </Shell>
  );
}
