import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, readdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import { ROOT } from "./command.ts";

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Where a program is on the PATH. */
export function findProgram(name: string): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

/** Where Bun is: in its package, in the package of this platform (where install scripts are off), or on the PATH. */
export function findBun(): string | undefined {
  const modules = join(ROOT, "node_modules");
  const platforms = join(modules, "@oven");
  const packages = existsSync(platforms) ? readdirSync(platforms) : [];
  const paths = [
    join(modules, "bun", "bin", "bun.exe"),
    ...packages.map((name) => join(platforms, name, "bin", "bun")),
  ];
  // Without its install script, the package has only a stand-in.
  return paths.find((path) => spawnSync(path, ["--version"]).status === 0) ?? findProgram("bun");
}
