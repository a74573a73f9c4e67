import { statfsSync } from "node:fs";

const MEMORY = "/dev/shm";
const ROOM_BYTES = 3 * 1_024 ** 3;

/**
 * Where tests that end no machine keep their databases: in memory, where there is room. What they show does not rest on
 * a disk; fsync itself is watched in `tests/system`, which stays on one.
 */
export function scratch(): Readonly<Record<string, string>> {
  if (process.env["TMPDIR"] !== undefined) return {};
  try {
    const { bavail, bsize } = statfsSync(MEMORY);
    return bavail * bsize >= ROOM_BYTES ? { TMPDIR: MEMORY } : {};
  } catch {
    // There is none on this system.
    return {};
  }
}
