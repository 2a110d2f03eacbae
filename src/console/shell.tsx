import type { ComponentChildren } from "preact";
import { config } from "./feed.ts";
import { Icon } from "./parts/icon.tsx";
import { currentLink, LinkBanner, LinkView } from "./parts/link-view.tsx";
import { ThemeSwitch } from "./parts/theme-switch.tsx";
import { hrefOf, PAGE_TITLES, PAGES, place } from "./router.ts";
import { apiKey, forgetKey } from "./session.ts";
import "./shell.css";

const MAIN = "main";

/** To the content, past the navigation: a link to `#main` would be an address of the router. */
function skip(event: Event): void {
  event.preventDefault();
  document.getElementById(MAIN)?.focus();
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
      <a class="button skip-link" href={hrefOf(place.value.page, place.value.subject)} onClick={skip}>
        Skip to the content
      </a>
      <header class="shell-header">
        <div class="shell-title">
          <span class="brand">Ringcast</span>
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
