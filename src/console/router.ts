import { signal } from "@preact/signals";

/** The pages, by the first part of the address behind the `#`, in the order of the navigation. */
export const PAGES = ["overview", "topics", "clients", "try-it", "events"] as const;
export type PageName = (typeof PAGES)[number];

/** Where the user is: a page, and perhaps the one thing that it shows, such as a topic by its name. */
export interface Place {
  readonly page: PageName;
  readonly subject: string | undefined;
}

/** The address of a place, for links. */
export function hrefOf(page: PageName, subject?: string): string {
  return subject === undefined ? `#/${page}` : `#/${page}/${encodeURIComponent(subject)}`;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** What an address means; what it does not know is the overview. */
export function placeOf(hash: string): Place {
  const [, name = "", ...rest] = hash.replace(/^#/, "").split("/");
  const page = PAGES.find((known) => known === name) ?? "overview";
  return { page, subject: rest.length === 0 ? undefined : decoded(rest.join("/")) };
}

/** Where the user is now. */
export const place = signal(placeOf(location.hash));

addEventListener("hashchange", () => {
  place.value = placeOf(location.hash);
});

/** Takes the user to a place. */
export function go(page: PageName, subject?: string): void {
  location.hash = hrefOf(page, subject);
}
