import { useRef } from "preact/hooks";

/**
 * Keeps a value until one of what it was made from is another. Unlike `useMemo` it may be told of versions: what changed in place, the
 * making does not mention.
 */
export function useKept<T>(from: readonly unknown[], make: () => T): T {
  const kept = useRef<{ readonly from: readonly unknown[]; readonly value: T } | undefined>(undefined);
  const { current } = kept;
  if (current !== undefined && from.every((part, index) => part === current.from[index])) return current.value;
  const value = make();
  kept.current = { from, value };
  return value;
}
