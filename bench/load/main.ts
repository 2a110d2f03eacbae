import { protocols } from "../peers/protocols.ts";
import { Job, type Outcome } from "../scenario.ts";
import { runConnect } from "./connect-run.ts";
import { runHttpPublish } from "./http-publish-run.ts";
import { runIdle } from "./idle-run.ts";
import { runReplay } from "./replay-run.ts";
import { runRetain } from "./retain-run.ts";
import { runStream } from "./stream-run.ts";

// The load generator is a process of its own: it reads one job, does it, writes the outcome and ends.
const job = Job.parse(JSON.parse(await Bun.stdin.text()));
const outcome = await perform(job).catch(broken);
process.stdout.write(`${JSON.stringify(outcome)}\n`);
process.exit(0);

function perform(job: Job): Promise<Outcome> {
  const { scenario } = job;
  const protocol = protocols[job.peer];
  switch (scenario.kind) {
    case "stream":
      return runStream(job, scenario, protocol);
    case "replay":
      return runReplay(job, scenario, protocol);
    case "connect":
      return runConnect(job, scenario, protocol);
    case "http-publish":
      return runHttpPublish(job, scenario);
    case "idle":
      return runIdle(job, scenario, protocol);
    case "retain":
      return runRetain(job, scenario, protocol);
  }
}

function broken(error: unknown): Outcome {
  return { figures: {}, faults: [error instanceof Error ? error.message : String(error)] };
}
