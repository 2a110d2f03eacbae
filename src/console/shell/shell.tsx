import type { ComponentChildren } from "preact";
import { config } from "../feed.ts";
import { Icon } from "../parts/icon.tsx";
import { hrefOf, PAGE_TITLES, PAGES, place } from "../router.ts";
import { apiKey, forgetKey } from "../session.ts";
import { currentLink, LinkBanner, LinkView } from "./link-view.tsx";
import { ThemeSwitch } from "./theme-switch.tsx";
import "./shell.css";

const MAIN = "main";

/** To the content, past the navigation: a link to `#main` would be an address of the router. */
function skip(event: Event): void {
  event.preventDefault();
  document.getElementById(MAIN)?.focus();
}

/** The ring and what it casts; icon.svg is the same. */
function Mark() {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
      <circle cx="8" cy="8" r="2.25" />
      <path d="M4 12A5.7 5.7 0 0 1 4 4M12 4a5.7 5.7 0 0 1 0 8" />
    </svg>
  );
}

function Navigation() {
  return (
    <nav class="navigation" aria-label="Pages">
      {PAGES.map((page) => (
        <a key={page} href={hrefOf(page)} aria-current={place.value.page === page ? "page" : undefined}>
          <Icon name={page} />
          {PAGE_TITLES[page]}
        </a>
      ))}
    </nav>
  );
}

function Footer() {
  const version = config.value?.version;
  return (
    <footer class="footer">
      {apiKey.value === "" ? null : (
        <button type="button" class="button button-quiet forget-key" onClick={forgetKey}>
          <Icon name="key" />
          Forget the key
        </button>
      )}
      <div class="footer-links">
        <a href="/swagger/">API</a>
        <a href="/metrics">Metrics</a>
        <span class="muted">{version === undefined ? "" : `v${version}`}</span>
      </div>
      <ThemeSwitch />
    </footer>
  );
}

interface ShellProps {
  /** Whether there are pages to go to. */
  readonly hasPages: boolean;
  readonly children: ComponentChildren;
}

/** What is around each page: where one can go, how the link is, and what the console itself has to offer. */
export function Shell({ hasPages, children }: ShellProps) {
  const { kind } = currentLink();
  return (
    <div class="shell">
      <header class="shell-header">
        <a class="button skip-link" href={hrefOf(place.value.page, place.value.subject)} onClick={skip}>
          Skip to the content
        </a>
        <div class="shell-title">
          <span class="brand">
            <Mark />
            Ringcast
          </span>
          <LinkView />
        </div>
        {hasPages ? <Navigation /> : null}
      </header>
      <div class="stage">
        <LinkBanner />
        <main id={MAIN} tabIndex={-1} data-stale={kind === "gone" || kind === "refused"}>
          {children}
        </main>
      </div>
      <Footer />
    </div>
  );
}
