import { useEffect, useState } from "react";

/**
 * A topic's newest events, oldest first, kept up as long as the component is there.
 * @param client what `connect` of ringcast/client returned; make it once, outside of components
 */
export function useTopic(client, topic, { keep = 50, lastN = 0 } = {}) {
  const [events, setEvents] = useState([]);
  useEffect(() => {
    setEvents([]);
    const subscription = client.subscribe(topic, { lastN }, (event) => {
      setEvents((before) => [...before, event].slice(-keep));
    });
    return () => subscription.unsubscribe();
  }, [client, topic, keep, lastN]);
  return events;
}
