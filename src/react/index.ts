export {
  RingcastProvider,
  type RingcastProviderProps,
  useConnection,
  useLatest,
  useRingcast,
  useTopic,
} from "./hooks.ts";
export type { AnyClient, TopicOptions, TopicState } from "./topic-store.ts";
