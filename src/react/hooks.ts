import { createContext, createElement, type ReactNode, useCallback, useContext, useSyncExternalStore } from "react";
import type { RingcastEvent, State } from "../client/index.ts";
import { type AnyClient, NOTHING, type TopicOptions, type TopicState, TopicStores } from "./topic-store.ts";

/** A client, and the topics that its components follow. */
interface Shared {
  readonly client: AnyClient;
  readonly stores: TopicStores;
}

const Context = createContext<Shared | undefined>(undefined);
/** By client: providers that are mounted twice, as in strict mode, share what they follow. */
const sharedByClient = new WeakMap<AnyClient, Shared>();
const IDLE: State = { state: "idle" };

/** What `RingcastProvider` takes. */
export interface RingcastProviderProps {
  /** What `connect` of `ringcast/client` returned. Make it once, outside of components. */
  readonly client: AnyClient;
  readonly children?: ReactNode;
}

/** Gives the components below it a client. It opens nothing: the first hook that follows a topic does. */
export function RingcastProvider({ children, client }: RingcastProviderProps): ReactNode {
  let shared = sharedByClient.get(client);
  if (shared === undefined) {
    shared = { client, stores: new TopicStores(client) };
    sharedByClient.set(client, shared);
  }
  return createElement(Context.Provider, { value: shared }, children);
}

function useShared(): Shared {
  const shared = useContext(Context);
  if (shared === undefined) throw new Error("there is no RingcastProvider above this component");
  return shared;
}

/** The client of the provider: to publish, for instance. */
export function useRingcast(): AnyClient {
  return useShared().client;
}

/**
 * Follows a topic while the component is there. Components that follow the same topic with the same options share one
 * subscription, which ends a few seconds after the last of them. Of what type payloads are is the application's word.
 */
export function useTopic<T = unknown>(topic: string, options?: TopicOptions): TopicState<T>;
export function useTopic(topic: string, { keep, lastN }: TopicOptions = {}): TopicState {
  const { stores } = useShared();
  const follow = useCallback(
    (changed: () => void) => stores.follow(topic, { keep, lastN }, changed),
    [stores, topic, keep, lastN],
  );
  return useSyncExternalStore<TopicState>(
    follow,
    () => stores.state(topic, { keep, lastN }),
    () => NOTHING,
  );
}

/** The newest event of a topic, also the last before the component was there; undefined while there is none. */
export function useLatest<T = unknown>(topic: string): RingcastEvent<T> | undefined {
  return useTopic<T>(topic, { lastN: 1, keep: 1 }).events[0];
}

/** What the connection is doing: to tell users that the page is reconnecting, for instance. */
export function useConnection(): State {
  const { client } = useShared();
  const follow = useCallback((changed: () => void) => client.on("state", changed), [client]);
  return useSyncExternalStore(
    follow,
    () => client.state,
    () => IDLE,
  );
}
