import { signal } from "@preact/signals";
import { hrefOf, type PageName, placeOf } from "./routes.ts";

export { hrefOf, PAGE_TITLES, PAGES, type PageName, type Place } from "./routes.ts";

/** Where the user is now. */
export const place = signal(placeOf(location.hash));

addEventListener("hashchange", () => {
  place.value = placeOf(location.hash);
});

/** Takes the user to a place. */
export function go(page: PageName, subject?: string): void {
  location.hash = hrefOf(page, subject);
}
