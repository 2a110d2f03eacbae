import { describe, expect, test } from "vitest";
import { randomFrom } from "../../test/client-suite/context.ts";
import { SEED } from "../../test/support/seed.ts";
import { IdIndex } from "./id-index.ts";

describe("the index of ids", () => {
  test("knows the first event of an id, and the next one once that is forgotten", () => {
    const ids = new IdIndex();
    for (const [i, id] of ["a", "b", "a", "a"].entries()) ids.add(id, i + 1);
    const firsts = () => [ids.first("a"), ids.first("b"), ids.first("c")];
    expect(firsts()).toEqual([1, 2, undefined]);
    ids.forgetBefore(3);
    expect(firsts()).toEqual([3, undefined, undefined]);
    ids.forgetBefore(4);
    expect(firsts()).toEqual([4, undefined, undefined]);
    ids.forgetBefore(100);
    expect(firsts()).toEqual([undefined, undefined, undefined]);
    ids.add("a", 100);
    expect(firsts()).toEqual([100, undefined, undefined]);
  });

  test(`finds what a search of the held events finds (seed ${SEED})`, () => {
    const random = randomFrom(SEED);
    const below = (n: number) => Math.floor(random() * n);
    for (let round = 0; round < 100; round++) {
      const ids = new IdIndex();
      const published: string[] = [];
      const idCount = 1 + below(20);
      let oldest = 1;
      for (let step = 0; step < 200; step++) {
        if (below(5) === 0) {
          oldest += below(published.length + 2 - oldest);
          ids.forgetBefore(oldest);
        } else {
          published.push(`id${below(idCount)}`);
          ids.add(published.at(-1) ?? "", published.length);
        }
        const id = `id${below(idCount)}`;
        const at = published.indexOf(id, oldest - 1);
        expect(ids.first(id)).toBe(at === -1 ? undefined : at + 1);
      }
    }
  });
});
