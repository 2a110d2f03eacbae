import { expect, test } from "vitest";
import { hrefOf, PAGES, placeOf, titleOf } from "./routes.ts";

test("every page is found by its own address", () => {
  for (const page of PAGES) expect(placeOf(hrefOf(page))).toEqual({ page, subject: undefined });
});

test.each(["orders", "a/b", "../x", "100%", "a b#c?d", "<script>", "日本"])(
  "the topic %s survives its address",
  (name) => {
    expect(placeOf(hrefOf("topics", name))).toEqual({ page: "topics", subject: name });
  },
);

test.each(["", "#", "#/", "#/nowhere", "#/nowhere/x", "topics"])("%p is the overview", (hash) => {
  expect(placeOf(hash)).toEqual({ page: "overview", subject: undefined });
});

test("an address that ends with a slash names no subject", () => {
  expect(placeOf("#/topics/")).toEqual({ page: "topics", subject: undefined });
});

test("a subject that is badly written is taken as it stands", () => {
  expect(placeOf("#/topics/100%").subject).toBe("100%");
  expect(placeOf("#/topics/a/b").subject).toBe("a/b");
});

test("the title says what is seen first, then where", () => {
  expect(titleOf({ page: "try-it", subject: undefined })).toBe("Try it · Ringcast");
  expect(titleOf({ page: "topics", subject: "orders" })).toBe("orders · Topics · Ringcast");
});
