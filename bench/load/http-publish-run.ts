import type { Figures } from "../figures.ts";
import type { HttpPublishScenario, Job, Outcome } from "../scenario.ts";
import { nowUs } from "./clock.ts";
import { Connection, makeMany } from "./connection.ts";
import { HttpResponse } from "./http-response.ts";
import { LatencyHistogram } from "./latency-histogram.ts";
import { commonFigures, Measurement } from "./measurement.ts";
import { latencyFigures } from "./stream-run.ts";

const TOPIC = "bench-http";

function requestOf({ batch, payloadBytes }: HttpPublishScenario): Buffer {
  const message = `{"id":"m","payload":"${"x".repeat(payloadBytes - 2)}"}`;
  const body = batch === 1 ? message : `{"messages":[${Array(batch).fill(message).join()}]}`;
  const head = [
    `POST /topics/${TOPIC}/messages HTTP/1.1`,
    "Host: localhost",
    "Content-Type: application/json",
    `Content-Length: ${body.length}`,
  ];
  return Buffer.from(`${head.join("\r\n")}\r\n\r\n${body}`);
}

/** Publishes by HTTP on kept connections, each with one request under way; nobody is subscribed. */
export async function runHttpPublish(job: Job, scenario: HttpPublishScenario): Promise<Outcome> {
  const request = requestOf(scenario);
  const latency = new LatencyHistogram();
  let answers = 0;
  let wrong = 0;
  let lost = 0;
  let isOver = false;
  const connections = await makeMany(scenario.connections, scenario.connections, () =>
    Connection.open(job.port, { login: [] }),
  );
  for (const connection of connections) {
    let sentUs = nowUs();
    const response = new HttpResponse();
    connection.onLost = () => {
      lost++;
    };
    connection.onChunk = (chunk) => {
      const status = response.take(chunk);
      if (status === undefined) return;
      if (status !== 200) wrong++;
      latency.record(nowUs() - sentUs);
      answers++;
      if (isOver) return;
      sentUs = nowUs();
      connection.write(request);
    };
    connection.write(request);
  }
  await Bun.sleep(scenario.warmUpMs);
  latency.reset();
  const before = answers;
  const measurement = new Measurement(job.serverPids);
  await Bun.sleep(scenario.measureMs);
  const interval = measurement.end();
  const messages = (answers - before) * scenario.batch;
  isOver = true;
  for (const connection of connections) connection.close();
  const faults: string[] = [];
  if (wrong > 0) faults.push(`${wrong} publishes refused`);
  if (lost > 0) faults.push(`${lost} connections ended by the server`);
  if (messages === 0) faults.push("nothing was published");
  const figures: Figures = { ...commonFigures(interval), ...latencyFigures(latency) };
  figures.publishesPerSecond = (messages * 1e6) / interval.elapsedUs;
  if (messages > 0) figures.cpuPerPublishUs = interval.cpuUs / messages;
  return { figures, faults };
}
