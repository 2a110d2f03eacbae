// What a table with more rows than fit a screen works out: which of them to show, in which order, and where a key leads.

/** By which column a table is sorted. */
export interface Sort {
  readonly column: string;
  readonly isDescending: boolean;
}

/** What a column is sorted by; undefined stands last, whichever way. */
export type SortValue = string | number | undefined;

/** The rows from `first` up to, but without, `end`. */
export interface Range {
  readonly first: number;
  readonly end: number;
}

/** What shows of a table, in px. */
export interface Viewport {
  readonly scrollTop: number;
  /** Of the rows alone, without the header. */
  readonly height: number;
  readonly rowHeight: number;
}

/** So many rows beyond what shows are there already when it is scrolled. */
const OVERSCAN = 6;

/** The sort after a click on a column's header: the other way around, or the column's own first way. */
export function nextSort(current: Sort, column: string, startsDescending: boolean): Sort {
  const isDescending = current.column === column ? !current.isDescending : startsDescending;
  return { column, isDescending };
}

/** The rows that must be there. */
export function windowOf({ height, rowHeight, scrollTop }: Viewport, count: number): Range {
  const top = Math.max(0, Math.min(scrollTop, count * rowHeight - height));
  const first = Math.max(0, Math.floor(top / rowHeight) - OVERSCAN);
  const end = Math.min(count, Math.ceil((top + height) / rowHeight) + OVERSCAN);
  return { first, end: Math.max(first, end) };
}

/** Where a key leads from a row (-1: from none); undefined where it is no key of the table. */
export function rowAfterKey(key: string, index: number, count: number, pageRows: number): number | undefined {
  const clamp = (wish: number) => Math.max(0, Math.min(count - 1, wish));
  switch (key) {
    case "ArrowDown":
      return clamp(index + 1);
    case "ArrowUp":
      return clamp(index - 1);
    case "PageDown":
      return clamp(index + pageRows);
    case "PageUp":
      return clamp(index - pageRows);
    case "Home":
      return 0;
    case "End":
      return count - 1;
    default:
      return undefined;
  }
}

/** Where to scroll so that a row shows: not at all where it does already. */
export function scrollTopFor(index: number, { height, rowHeight, scrollTop }: Viewport): number {
  const top = index * rowHeight;
  if (top < scrollTop) return top;
  return Math.max(scrollTop, top + rowHeight - height);
}

function compareValues(a: SortValue, b: SortValue, direction: number): number {
  if (a === b) return 0;
  if (a === undefined) return 1;
  if (b === undefined) return -1;
  return a < b ? -direction : direction;
}

/** The rows in order. What is equal stands by `tie`, always upwards, so that it keeps its place when values change. */
export function arrange<Row>(
  rows: readonly Row[],
  value: (row: Row) => SortValue,
  isDescending: boolean,
  tie: (row: Row) => SortValue,
): Row[] {
  const direction = isDescending ? -1 : 1;
  return rows.toSorted((a, b) => compareValues(value(a), value(b), direction) || compareValues(tie(a), tie(b), 1));
}

const NUMBER_DIGITS = 16;

/** A name as people sort it: without regard to case, and `topic-9` before `topic-10`. */
export function nameOrder(name: string): string {
  return name.toLowerCase().replaceAll(/\d+/g, (digits) => digits.padStart(NUMBER_DIGITS, "0"));
}
