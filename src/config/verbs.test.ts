import { expect, test } from "vitest";
import { parseCommand } from "./arguments.ts";
import { VERBS } from "./verbs.ts";

test.each(["confg", "word"])("%s in the place of a verb is refused with the verbs that there are", (word) => {
  const verbs = Object.keys(VERBS).join(", ");
  expect(parseCommand([word], {})).toEqual({
    kind: "invalid",
    message: `unexpected argument "${word}"; the verbs are ${verbs}`,
  });
});
