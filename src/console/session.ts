import { signal } from "@preact/signals";

/** Of the tab alone: another one asks again, and nothing outlives it. */
const STORE = "ringcast-api-key";

/** The API key that the user gave; empty where none was needed, or none was given yet. */
export const apiKey = signal(sessionStorage.getItem(STORE) ?? "");

/** Keeps a key for as long as the tab is open. */
export function keepKey(key: string): void {
  sessionStorage.setItem(STORE, key);
  apiKey.value = key;
}

/** Forgets the key, so that the console asks for one. */
export function forgetKey(): void {
  sessionStorage.removeItem(STORE);
  apiKey.value = "";
}
