import type { Sdk } from "../client-suite/context.ts";

export const connect: Sdk["connect"];
export const RingcastError: Sdk["RingcastError"];
