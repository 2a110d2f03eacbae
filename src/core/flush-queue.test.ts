import { describe, expect, test } from "bun:test";
import { type Flushable, FlushQueue } from "./flush-queue.ts";

class Member implements Flushable {
  flushes = 0;
  readonly #onFlush: () => void;

  constructor(onFlush: () => void = () => {}) {
    this.#onFlush = onFlush;
  }

  flush(): void {
    this.flushes++;
    this.#onFlush();
  }
}

function setUp() {
  const deferred: (() => void)[] = [];
  const errors: [Member, unknown][] = [];
  const queue = new FlushQueue<Member>(
    (run) => deferred.push(run),
    (member, error) => errors.push([member, error]),
  );
  const endTick = () => {
    for (const run of deferred.splice(0)) run();
  };
  return { deferred, endTick, errors, queue };
}

describe("FlushQueue", () => {
  test("flushes every member once when the tick ends, in the order of their adding", () => {
    const { deferred, endTick, queue } = setUp();
    const order: number[] = [];
    const members = [1, 2, 3].map((n) => new Member(() => order.push(n)));
    for (const member of members) queue.add(member);
    expect(deferred).toHaveLength(1);
    expect(order).toEqual([]);
    endTick();
    expect(order).toEqual([1, 2, 3]);
    endTick();
    expect(order).toEqual([1, 2, 3]);
  });

  test("flushes in the next tick what is added while it flushes", () => {
    const { endTick, queue } = setUp();
    const late = new Member();
    queue.add(new Member(() => queue.add(late)));
    endTick();
    expect(late.flushes).toBe(0);
    endTick();
    expect(late.flushes).toBe(1);
  });

  test("reports what a member throws, and flushes the others all the same", () => {
    const { endTick, errors, queue } = setUp();
    const failure = new Error("broken");
    const broken = new Member(() => {
      throw failure;
    });
    const others = [new Member(), new Member()];
    for (const member of [others[0], broken, others[1]]) if (member !== undefined) queue.add(member);
    endTick();
    expect(errors).toEqual([[broken, failure]]);
    expect(others.map((member) => member.flushes)).toEqual([1, 1]);
    broken.flushes = 0;
    queue.add(broken);
    endTick();
    expect(broken.flushes).toBe(1);
  });
});
