import type { AuditVerdict } from "../../kernel/audit/index.ts";
import { readConfiguration } from "../configuration.ts";
import { raise } from "../errors.ts";
import type { PlatformDoor } from "../platform-door.ts";
import { runTask } from "../session.ts";
import type { Globals, Output } from "../terminal.ts";

/** `portico audit verify`: reads the chain from its beginning; ends with 1 when an entry was altered or is missing. */
export async function auditVerify(
  platform: PlatformDoor,
  globals: Globals,
  options: { readonly checkpoint?: string } = {},
): Promise<Output> {
  const checkpoint = checkpointOf(options.checkpoint);
  const { plugins } = platform;
  const { config } = await readConfiguration(globals, { mode: "production", plugins });
  // Both ends of the control socket are this file's version or one that answers the same form.
  const verdict = (await runTask(
    { platform, config },
    "audit.verify",
    checkpoint === undefined ? {} : { checkpoint },
  )) as AuditVerdict;
  if (!verdict.intact) {
    const { reason, seq, id = "gone" } = verdict;
    throw raise("cli.auditBroken", { params: { reason, seq, id } });
  }
  return {
    data: verdict,
    text: `${verdict.entries} entries, ${verdict.checkpoints} checkpoints: the chain is intact`,
  };
}

function checkpointOf(text: string | undefined): { seq: number; hash: string } | undefined {
  if (text === undefined) return undefined;
  const found = /^([1-9]\d{0,14}):([0-9a-f]{64})$/.exec(text);
  if (found !== null) return { seq: Number(found[1]), hash: found[2] ?? "" };
  const what = `--checkpoint got '${text}', expected a place and its hash such as 1200:9f86d0….`;
  throw raise("cli.usage", { params: { what, help: "portico audit verify --help" } });
}
