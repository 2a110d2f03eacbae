const PATIENCE_MS = 2000;

type Child = Bun.Subprocess;

/** The processes that the benchmark has started and not yet seen end. */
const running = new Set<Child>();

/** Starts a program on one CPU. It is stopped with the benchmark, however that ends. */
export function spawnOn<In extends Bun.SpawnOptions.Writable, Out extends Bun.SpawnOptions.Readable>(
  cpu: number,
  command: readonly string[],
  streams: { readonly stdin: In; readonly stdout: Out; readonly stderr: Bun.BunFile | "inherit" },
): Bun.Subprocess<In, Out, Bun.BunFile | "inherit"> {
  // taskset replaces itself by the program, so the process id is the program's.
  const child = Bun.spawn(["taskset", "--cpu-list", String(cpu), ...command], streams);
  running.add(child);
  void child.exited.then(() => running.delete(child));
  return child;
}

/** Asks a process to end, makes it end if it does not, and waits until it has. */
export async function stop(child: Child): Promise<void> {
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS);
  await child.exited;
  clearTimeout(timer);
}

/** Ends the benchmark at an interrupt, and with it all that it has started. */
export function stopAllOnSignals(): void {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      for (const child of running) child.kill("SIGKILL");
      process.exit(130);
    });
  }
}
