import type { Browser, Page } from "playwright-core";
import { z } from "zod";

const eventSchema = z.looseObject({
  name: z.string(),
  ph: z.string(),
  pid: z.number(),
  tid: z.number(),
  tdur: z.number().optional(),
  args: z.looseObject({ name: z.string().optional() }).optional(),
});
const traceSchema = z.object({ traceEvents: z.array(eventSchema) });

/** How a page kept up while something was done with it, in milliseconds. */
export interface FrameTimes {
  /** The longest time from one frame to the next, as the clock has it; on a busy machine, others' doing too. */
  readonly longestFrameMs: number;
  /** The most processor time that the page took in one go, between two frames that it could have drawn. */
  readonly longestTaskMs: number;
  /** How many frames there were. */
  readonly frames: number;
}

const RECORD = `
  window.frameTimes = [];
  let last = performance.now();
  const note = (now) => { window.frameTimes?.push(now - last); last = now; requestAnimationFrame(note); };
  requestAnimationFrame(note);
`;

/** Measures a page while `act` is done with it. */
export async function frameTimes(browser: Browser, page: Page, act: () => Promise<void>): Promise<FrameTimes> {
  await browser.startTracing(page, { categories: ["disabled-by-default-devtools.timeline", "devtools.timeline"] });
  await page.evaluate(`{${RECORD}}`);
  await act();
  const deltas = z.array(z.number()).parse(await page.evaluate("window.frameTimes"));
  const { traceEvents } = traceSchema.parse(JSON.parse((await browser.stopTracing()).toString()));
  const threads = traceEvents.filter(({ args, name }) => name === "thread_name" && args?.name === "CrRendererMain");
  const mains = new Set(threads.map(({ pid, tid }) => `${pid} ${tid}`));
  const tasks = traceEvents.filter(
    ({ name, ph, pid, tid }) => ph === "X" && name === "RunTask" && mains.has(`${pid} ${tid}`),
  );
  return {
    longestFrameMs: Math.max(...deltas),
    longestTaskMs: Math.max(...tasks.map(({ tdur = 0 }) => tdur)) / 1000,
    frames: deltas.length,
  };
}
