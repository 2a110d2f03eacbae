import { dlopen, ptr } from "bun:ffi";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

// Of Linux: asm-generic/socket.h and linux/bpf_common.h.
const SOL_SOCKET = 1;
const SO_ATTACH_REUSEPORT_CBPF = 51;
const BPF_RET_K = 0x06;
/** The size of a `struct sock_fprog`. */
const PROGRAM_BYTES = 16;

const ARCHITECTURE = process.arch === "arm64" ? "aarch64" : "x86_64";
const C_LIBRARIES = ["libc.so.6", `libc.musl-${ARCHITECTURE}.so.1`];
const SETSOCKOPT = { setsockopt: { args: ["i32", "i32", "i32", "ptr", "u32"], returns: "i32" } } as const;

function openCLibrary() {
  for (const name of C_LIBRARIES) {
    try {
      return dlopen(name, SETSOCKOPT);
    } catch {
      // The other one, then.
    }
  }
  throw new Error("there is no C library that is known");
}

/** The descriptor of this process's socket that listens on a TCP port. Bun does not tell it, but the kernel does. */
function listeningDescriptor(port: number): number | undefined {
  const LISTEN = "0A";
  const rows = ["tcp", "tcp6"].flatMap((table) => readFileSync(`/proc/self/net/${table}`, "utf8").split("\n"));
  const names = rows
    .map((row) => row.trim().split(/\s+/))
    .filter(([, local = "", , state]) => state === LISTEN && Number.parseInt(local.split(":")[1] ?? "", 16) === port)
    .map((columns) => `socket:[${columns[9]}]`);
  const found = readdirSync("/proc/self/fd").find((descriptor) => {
    try {
      return names.includes(readlinkSync(`/proc/self/fd/${descriptor}`));
    } catch {
      // Closed meanwhile.
      return false;
    }
  });
  return found === undefined ? undefined : Number(found);
}

/** A `struct sock_fprog`, with the one instruction of the program behind it, which chooses the second socket. */
function programForSecond(): Uint8Array {
  const bytes = new Uint8Array(PROGRAM_BYTES + 8);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, 1, true);
  view.setBigUint64(8, BigInt(ptr(bytes) + PROGRAM_BYTES), true);
  view.setUint16(PROGRAM_BYTES, BPF_RET_K, true);
  view.setUint32(PROGRAM_BYTES + 4, 1, true);
  return bytes;
}

/**
 * Has the kernel give connections to a port that sockets of this process share (SO_REUSEPORT) to the newest of two. By
 * itself it spreads them over both, and resets those that wait at one that is being closed. So the old one gets nothing
 * new, and can be closed once it has taken what was on its way to it.
 *
 * The choice is a program that the sockets share (socket(7), SO_ATTACH_REUSEPORT_CBPF), and is made for good: the
 * kernel keeps them in the order in which they came and closes gaps, so that of two the second is the newest; where
 * there is only one, the program chooses none and the kernel that one.
 *
 * @returns why it can't be done here, or undefined where it is done
 */
export function preferNewestSocket(port: number): string | undefined {
  if (process.platform !== "linux") return "only Linux can do it";
  try {
    const descriptor = listeningDescriptor(port);
    if (descriptor === undefined) return "the socket is not found";
    const { setsockopt } = openCLibrary().symbols;
    const result = setsockopt(descriptor, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, programForSecond(), PROGRAM_BYTES);
    return result === 0 ? undefined : "the kernel refuses it";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
