import { config, startFeed } from "./feed.ts";
import { ClientsPage } from "./pages/clients.tsx";
import { EventsPage } from "./pages/events.tsx";
import { OverviewPage } from "./pages/overview.tsx";
import { TopicPage } from "./pages/topic.tsx";
import { TopicsPage } from "./pages/topics.tsx";
import { TryItPage } from "./pages/try-it.tsx";
import { type Place, place } from "./router.ts";

startFeed();

function Page({ page, subject }: Place) {
  switch (page) {
    case "overview":
      return <OverviewPage />;
    case "topics":
      return subject === undefined ? <TopicsPage /> : <TopicPage name={subject} />;
    case "clients":
      return <ClientsPage />;
    case "try-it":
      return <TryItPage />;
    case "events":
      return <EventsPage />;
  }
}

/** The whole console: the navigation, how the link is, and the page that the address names. */
export function App() {
  return (
    <>
      <main id="main">
        <Page {...place.value} />
      </main>
      <footer>{config.value?.version}</footer>
    </>
  );
}
