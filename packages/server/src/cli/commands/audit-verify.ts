import type { AuditVerdict } from "../../kernel/audit/index.ts";
import { readConfiguration } from "../configuration.ts";
import { raise } from "../errors.ts";
import type { PlatformDoor } from "../platform-door.ts";
import { runTask } from "../session.ts";
import type { Globals, Output } from "../terminal.ts";

/** `portico audit verify`: reads the chain from its beginning; ends with 1 when an entry was altered or is missing. */
export async function auditVerify(platform: PlatformDoor, globals: Globals): Promise<Output> {
  const { plugins } = platform;
  const { config } = await readConfiguration(globals, { mode: "production", plugins });
  // Both ends of the control socket are this file's version or one that answers the same form.
  const verdict = (await runTask({ platform, config }, "audit.verify", {})) as AuditVerdict;
  if (!verdict.intact) {
    const { reason, seq, id = "gone" } = verdict;
    throw raise("cli.auditBroken", { params: { reason, seq, id } });
  }
  return {
    data: verdict,
    text: `${verdict.entries} entries, ${verdict.checkpoints} checkpoints: the chain is intact`,
  };
}
