import type { Signal } from "@preact/signals";
import type { Told } from "../../history.ts";
import { Choice } from "../../parts/choice.tsx";
import { formatCount } from "../../parts/format.ts";
import { SearchField } from "../../parts/search-field.tsx";
import { type Code, countCodes, countLevels, LEVELS, type Level, type Wanted } from "./events-filter.ts";

const NAMES: Readonly<Record<Level, string>> = { info: "Info", warning: "Warnings", error: "Errors" };

interface FilterBarProps {
  /** What is chosen from, for the counts. */
  readonly list: readonly Told[];
  readonly wanted: Signal<Wanted>;
}

function Levels({ list, wanted }: FilterBarProps) {
  const counts = countLevels(list);
  const option = (value: Level | undefined, name: string, count: number) => {
    return {
      value,
      label: [
        name,
        " ",
        <span key="count" class="muted">
          {formatCount(count)}
        </span>,
      ],
    };
  };
  const options = [
    option(undefined, "All", list.length),
    ...LEVELS.map((level) => option(level, NAMES[level], counts[level])),
  ];
  const choose = (level: Level | undefined) => {
    wanted.value = { ...wanted.value, level };
  };
  return <Choice legend="Level" options={options} chosen={wanted.value.level} onChoose={choose} />;
}

function Codes({ list, wanted }: FilterBarProps) {
  const codes = countCodes(list);
  const chosen = wanted.value.code;
  // What is chosen stays to be seen, also when the last of it has gone.
  const all: readonly (readonly [Code, number])[] =
    chosen === undefined || codes.some(([code]) => code === chosen) ? codes : [...codes, [chosen, 0]];
  return (
    <select
      class="input"
      aria-label="Code"
      value={chosen ?? ""}
      onChange={({ currentTarget }) => {
        wanted.value = { ...wanted.value, code: all.find(([code]) => code === currentTarget.value)?.[0] };
      }}
    >
      <option value="">All codes</option>
      {all.map(([code, count]) => (
        <option key={code} value={code}>
          {code} ({formatCount(count)})
        </option>
      ))}
    </select>
  );
}

/** By level, by code, by words. */
export function FilterBar({ list, wanted }: FilterBarProps) {
  return (
    <>
      <Levels list={list} wanted={wanted} />
      <Codes list={list} wanted={wanted} />
      <SearchField
        label="Find in events"
        value={wanted.value.text}
        onInput={(text) => {
          wanted.value = { ...wanted.value, text };
        }}
      />
    </>
  );
}
