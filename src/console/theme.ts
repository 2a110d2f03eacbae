import { effect, signal } from "@preact/signals";

/** The choices of the switch; `system` is what the browser says. */
export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

const STORE = "ringcast-theme";

function stored(): Theme {
  const text = localStorage.getItem(STORE);
  return THEMES.find((theme) => theme === text) ?? "system";
}

/** The user's choice, kept for all visits. */
export const theme = signal(stored());

effect(() => {
  if (theme.value === "system") {
    delete document.documentElement.dataset["theme"];
    localStorage.removeItem(STORE);
  } else {
    document.documentElement.dataset["theme"] = theme.value;
    localStorage.setItem(STORE, theme.value);
  }
});

/** Calls back after each change of what the colours are; returns what ends that. */
export function onColoursChange(changed: () => void): () => void {
  const system = matchMedia("(prefers-color-scheme: dark)");
  system.addEventListener("change", changed);
  const stop = theme.subscribe(changed);
  return () => {
    system.removeEventListener("change", changed);
    stop();
  };
}
