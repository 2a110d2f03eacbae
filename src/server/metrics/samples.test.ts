import { expect, test } from "vitest";
import { HubUnderTest } from "../../../test/support/hub.ts";
import { Samples } from "./samples.ts";

test("the delay of the event loop is by how much a tick comes late", () => {
  const { clock, hub } = new HubUnderTest();
  const samples = new Samples(hub, clock, 50);
  for (const passedMs of [50, 49, 53, 350]) {
    clock.advance(passedMs);
    samples.tick();
  }
  expect(samples.eventLoopDelaySec.sum).toBeCloseTo(0.303);
  expect(samples.eventLoopDelaySec.counts).toEqual([2, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]);
});

test("a sample of the queues has one value a client", () => {
  const under = new HubUnderTest();
  const samples = new Samples(under.hub, under.clock, 50);
  const { transport } = under.connect("a");
  under.connect("b");
  transport.room = 0;
  under.publish("a");
  under.endTick();
  under.publish("a", 4);
  under.endTick();
  samples.sampleQueues();
  samples.sampleQueues();
  expect(samples.queueDepth.counts.slice(0, 4)).toEqual([2, 0, 0, 2]);
  expect(samples.queueDepth.sum).toBe(8);
});
