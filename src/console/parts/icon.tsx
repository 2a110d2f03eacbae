/** The icons, as paths in a square of 16, drawn by their outline. */
const SHAPES = {
  overview: "M2.5 2.5h4.5v5H2.5zM9 2.5h4.5v3H9zM9 7.5h4.5v6H9zM2.5 9.5h4.5v4H2.5z",
  topics: "M8 2 14 5 8 8 2 5zM2 8l6 3 6-3M2 11l6 3 6-3",
  clients: "M2.5 3h11v7.5h-11zM6 13.5h4M8 10.5v3",
  "try-it": "M2.5 2.5h11v11h-11zM5 6l2.5 2L5 10M8.5 10.5H11",
  events: "M5.5 4h8M5.5 8h8M5.5 12h8M2.5 4h.01M2.5 8h.01M2.5 12h.01",
  search: "M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10zM10.5 10.5 14 14",
  close: "M3.5 3.5l9 9M12.5 3.5l-9 9",
  plus: "M8 3v10M3 8h10",
  trash: "M3 4.5h10M6 4.5V2.5h4v2M4.5 4.5l.5 9h6l.5-9",
  copy: "M5.5 5.5h8v8h-8zM3.5 10.5h-1v-8h8v1",
  check: "M3 8.5l3.5 3.5L13 4.5",
  pause: "M5.5 3.5v9M10.5 3.5v9",
  play: "M4.5 3l8 5-8 5z",
  key: "M5.5 12.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM7.3 8.2 13 2.5M10.5 5l2 2",
  warning: "M8 2.5 14.5 13.5h-13zM8 6.5v3.5M8 12h.01",
  "arrow-left": "M13 8H3M7 4 3 8l4 4",
  "chevron-down": "M4 6l4 4 4-4",
  "chevron-right": "M6 4l4 4-4 4",
  "sort-up": "M4.5 9.5 8 6l3.5 3.5",
  "sort-down": "M4.5 6.5 8 10l3.5-3.5",
  sun: "M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM8 1.5v1M8 13.5v1M1.5 8h1M13.5 8h1M3.4 3.4l.7.7M11.9 11.9l.7.7M3.4 12.6l.7-.7M11.9 4.1l.7-.7",
  moon: "M13.5 9.5A6 6 0 0 1 6.5 2.5a6 6 0 1 0 7 7z",
  system: "M2 3h12v8H2zM5.5 13.5h5",
} as const;

export type IconName = keyof typeof SHAPES;

/** A small picture beside words, or in a button that has a label: it says nothing by itself. */
export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d={SHAPES[name]} />
    </svg>
  );
}
