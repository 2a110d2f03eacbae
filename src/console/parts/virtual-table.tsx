import type { ComponentChildren } from "preact";
import { useCallback, useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Icon } from "./icon.tsx";
import { rowAfterKey, type Sort, scrollTopFor, type Viewport, windowOf } from "./table-model.ts";
import "./virtual-table.css";

/** A column; its width is in the style sheet of the table's class. */
export interface Column<Row> {
  readonly id: string;
  readonly label: string;
  /** @param tabIndex for what is in it and can have the focus: tab goes into one row only */
  readonly cell: (row: Row, tabIndex: 0 | -1) => ComponentChildren;
  /** Numbers stand at the right. */
  readonly isNumber?: boolean;
  /** Whether its header sorts by it. */
  readonly isSortable?: boolean;
}

interface Props<Row> {
  /** What it lists, for screen readers. */
  readonly label: string;
  /** It sets `--columns` and, for narrow screens, what becomes of the cells. */
  readonly class: string;
  readonly columns: readonly Column<Row>[];
  /** What is to be listed, in order. Rows may change in place. */
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
  readonly sort?: Sort;
  readonly onSort?: (column: string) => void;
  /** What a click on a row or Enter does. */
  readonly onOpen?: (row: Row) => void;
  /** The key of the row that is shown elsewhere. */
  readonly selected?: string | undefined;
  /** What moving to a row by keys does, besides. */
  readonly onMove?: (row: Row) => void;
}

const NOT_SEEN: Viewport = { scrollTop: 0, height: 600, rowHeight: 36 };

function Header<Row>({ columns, onSort, sort }: Pick<Props<Row>, "columns" | "onSort" | "sort">) {
  return (
    <div class="vt-head" role="rowgroup">
      <div class="vt-labels" role="row" aria-rowindex={1} tabIndex={-1}>
        {columns.map(({ id, isNumber = false, isSortable = false, label }) => {
          const isSorted = sort?.column === id;
          const order = sort?.isDescending ? "descending" : "ascending";
          return (
            <div
              key={id}
              role="columnheader"
              class={`vt-${id} ${isNumber ? "num" : ""}`}
              aria-sort={isSortable ? (isSorted ? order : "none") : undefined}
            >
              {isSortable ? (
                <button type="button" class="vt-sort" onClick={() => onSort?.(id)}>
                  {label}
                  {isSorted && <Icon name={sort.isDescending ? "sort-down" : "sort-up"} />}
                </button>
              ) : (
                <span class={label === "" ? "visually-hidden" : ""}>{label === "" ? "Actions" : label}</span>
              )}
            </div>
          );
        })}
      </div>
    </div>
  );
}

/** Follows what shows of the table: how far it is scrolled, and how large it and its rows are. */
function useViewport() {
  const scroller = useRef<HTMLDivElement>(null);
  const ruler = useRef<HTMLDivElement>(null);
  const [viewport, setViewport] = useState(NOT_SEEN);
  const look = useCallback(() => {
    const frame = scroller.current;
    const rowHeight = ruler.current?.offsetHeight ?? 0;
    if (frame === null || rowHeight === 0) return;
    const header = frame.querySelector(".vt-head")?.clientHeight ?? 0;
    const seen = { scrollTop: frame.scrollTop, height: frame.clientHeight - header, rowHeight };
    setViewport((old) =>
      old.scrollTop === seen.scrollTop && old.height === seen.height && old.rowHeight === rowHeight ? old : seen,
    );
  }, []);
  useLayoutEffect(() => {
    look();
    const observer = new ResizeObserver(look);
    if (scroller.current !== null) observer.observe(scroller.current);
    if (ruler.current !== null) observer.observe(ruler.current);
    return () => observer.disconnect();
  }, [look]);
  return { scroller, ruler, viewport, look };
}

function isWithinControl(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("a, button, input") !== null;
}

/**
 * A table of any length, of which only what shows is there. Its parts have the roles of a grid and the boxes of none: rows lie where
 * their index puts them, and on a phone are cards. The arrow keys go through its rows; tab goes into the one they are at.
 */
export function VirtualTable<Row>(props: Props<Row>) {
  const { columns, keyOf, label, onMove, onOpen, rows, selected } = props;
  const { look, ruler, scroller, viewport } = useViewport();
  const [active, setActive] = useState<string>();
  const table = useRef<HTMLDivElement>(null);
  const idPrefix = useId();
  const { end, first } = windowOf(viewport, rows.length);
  const activeIndex = active === undefined ? -1 : rows.findIndex((row) => keyOf(row) === active);
  const isActiveThere = activeIndex >= first && activeIndex < end;

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const isHeader = event.target instanceof Element && event.target.closest(".vt-head") !== null;
    if (isHeader) return;
    const row = rows[activeIndex];
    if (event.key === "Enter" && row !== undefined && !isWithinControl(event.target)) {
      event.preventDefault();
      onOpen?.(row);
      return;
    }
    const pageRows = Math.max(1, Math.floor(viewport.height / viewport.rowHeight) - 1);
    const next = rowAfterKey(event.key, activeIndex, rows.length, pageRows);
    const target = next === undefined ? undefined : rows[next];
    if (next === undefined || target === undefined) return;
    event.preventDefault();
    table.current?.focus({ preventScroll: true });
    scroller.current?.scrollTo({ top: scrollTopFor(next, viewport) });
    setActive(keyOf(target));
    onMove?.(target);
    look();
  };

  return (
    <div class={`vt ${props.class}`} ref={scroller} onScroll={look}>
      <div class="vt-ruler" ref={ruler} aria-hidden="true" />
      <div
        class="vt-grid"
        role="grid"
        ref={table}
        aria-label={label}
        aria-rowcount={rows.length + 1}
        aria-colcount={columns.length}
        aria-activedescendant={isActiveThere ? `${idPrefix}-${activeIndex}` : undefined}
        tabIndex={0}
        onKeyDown={onKeyDown}
      >
        <Header {...props} />
        <div class="vt-body" role="rowgroup" style={{ height: `${rows.length * viewport.rowHeight}px` }}>
          {rows.slice(first, end).map((row, position) => {
            const key = keyOf(row);
            const index = first + position;
            const isActive = index === activeIndex;
            return (
              <div
                key={key}
                id={`${idPrefix}-${index}`}
                role="row"
                class={`vt-row ${onOpen === undefined ? "" : "vt-opens"}`}
                aria-rowindex={index + 2}
                aria-selected={selected === undefined ? undefined : key === selected}
                data-active={isActive}
                style={{ transform: `translateY(${index * viewport.rowHeight}px)` }}
                onClick={(event) => {
                  if (isWithinControl(event.target)) return;
                  setActive(key);
                  onOpen?.(row);
                }}
              >
                {columns.map(({ cell, id, isNumber = false }) => (
                  <div key={id} role="gridcell" class={`vt-${id} ${isNumber ? "num" : ""}`}>
                    {cell(row, isActive ? 0 : -1)}
                  </div>
                ))}
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}
