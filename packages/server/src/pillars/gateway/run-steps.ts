import type { Call, Step, StepResult } from "./call.ts";

/** Who is told when a step refuses a call or breaks. */
export type StepFailed = (call: Call, error: unknown) => void;

/** Runs the steps of a call's route, from `from` on; stops at the first that refuses or answers. */
export function runSteps(call: Call, failed: StepFailed, from = 0): void {
  let { steps } = call.route;
  try {
    for (let index = from; index < steps.length; index += 1) {
      const result = steps[index]?.run(call);
      if (result === "answered") return;
      if (result !== undefined) {
        void goOnAfter(result, { call, failed, steps, next: index + 1 });
        return;
      }
      if (call.route.steps !== steps) {
        ({ steps } = call.route);
        index = -1;
      }
    }
  } catch (error) {
    failed(call, error);
  }
}

interface Pause {
  readonly call: Call;
  readonly failed: StepFailed;
  readonly steps: readonly Step[];
  readonly next: number;
}

async function goOnAfter(
  result: Exclude<StepResult, "answered" | void>,
  { call, failed, steps, next }: Pause,
): Promise<void> {
  try {
    const settled = await result;
    // Gone while it was waited for: nothing is counted or sent for nobody.
    if (settled === "answered" || call.front.response.destroyed) return;
  } catch (error) {
    failed(call, error);
    return;
  }
  runSteps(call, failed, call.route.steps === steps ? next : 0);
}
