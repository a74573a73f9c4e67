import { readFile } from "node:fs/promises";
import { pace } from "./deliveries.ts";
import type { Field } from "./deliveries.ts";

/** Resident megabytes of a process (Linux). */
export async function residentMegabytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1_024;
}

/** Events at a steady pace, each delivered; prints the server's resident memory and the latency of every minute. */
export async function watchMemory(
  field: Field,
  { rate, minutes }: { readonly rate: number; readonly minutes: number },
): Promise<void> {
  const { pid, name } = field.target;
  const resident: number[] = [await residentMegabytes(pid)];
  console.log(`\n${name} at ${rate}/s: ${resident[0]?.toFixed(0)} MB resident before`);
  // A part of a minute counts too, for a short look.
  for (let minute = 1; minute <= Math.ceil(minutes); minute += 1) {
    const seconds = 60 * Math.min(1, minutes - minute + 1);
    const { p50, p99, missing } = await pace(field, { rate, seconds });
    const megabytes = await residentMegabytes(pid);
    resident.push(megabytes);
    console.log(
      `minute ${minute}: ${megabytes.toFixed(0)} MB; p50 ${p50.toFixed(1)}, p99 ${p99.toFixed(1)} ms; ${missing} missing`,
    );
  }
  const half = resident.slice(Math.ceil(resident.length / 2));
  const growth = (half.at(-1) ?? 0) - (half[0] ?? 0);
  console.log(
    `${name}: ${growth.toFixed(0)} MB more at the end than in the middle of ${minutes} min`,
  );
}
