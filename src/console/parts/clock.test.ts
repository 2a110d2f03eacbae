import { expect, test, vi } from "vitest";

test("ages are by the server's clock, wherever the browser's stands", async () => {
  const clock = vi.spyOn(Date, "now").mockReturnValue(3_600_000);
  const { noteServerTime, nowMs, serverNowMs } = await import("./clock.ts");
  clock.mockRestore();
  nowMs.value = 3_600_000;
  using _ = vi.spyOn(Date, "now").mockReturnValue(3_600_000);
  // What was told before it came says nothing yet.
  noteServerTime(3_600_000 - 1500);
  expect(serverNowMs.value).toBe(3_600_000);
  noteServerTime(600_000);
  expect(serverNowMs.value).toBe(600_000);
  noteServerTime(601_000);
  expect(serverNowMs.value).toBe(600_000);
  noteServerTime(7_200_000);
  expect(serverNowMs.value).toBe(7_200_000);
});
