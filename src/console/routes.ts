/** The pages, by the first part of the address behind the `#`, in the order of the navigation. */
export const PAGES = ["overview", "topics", "clients", "try-it", "events"] as const;
export type PageName = (typeof PAGES)[number];

/** What the pages are called. */
export const PAGE_TITLES: Readonly<Record<PageName, string>> = {
  overview: "Overview",
  topics: "Topics",
  clients: "Clients",
  "try-it": "Try it",
  events: "Events",
};

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
  const page = PAGES.find((known) => known === name);
  if (page === undefined) return { page: "overview", subject: undefined };
  return { page, subject: decoded(rest.join("/")) || undefined };
}

/** The title of the document at a place. */
export function titleOf({ page, subject }: Place): string {
  return [...(subject === undefined ? [] : [subject]), PAGE_TITLES[page], "Ringcast"].join(" · ");
}
