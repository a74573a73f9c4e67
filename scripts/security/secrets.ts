import { readFileSync } from "node:fs";
import { join } from "node:path";
import { crc32Base62 } from "../../packages/server/src/base/index.ts";
import { root, run } from "../run.ts";
import type { Finding } from "./exceptions.ts";

/** A secret's form, and where the form carries a check, that it holds. */
interface Form {
  readonly name: string;
  readonly pattern: RegExp;
  readonly isReal?: (text: string) => boolean;
}

const CHECKSUM_LENGTH = 6;

const FORMS: readonly Form[] = [
  {
    name: "portico-key",
    pattern: /\b[a-z][a-z0-9]{0,15}_[a-z][a-z0-9]{0,15}_[0-7][0-9a-z]{25}_[0-9A-Za-z]{49}\b/g,
    isReal: (text) => crc32Base62(text.slice(0, -CHECKSUM_LENGTH)) === text.slice(-CHECKSUM_LENGTH),
  },
  { name: "webhook-secret", pattern: /\bwhsec_[A-Za-z0-9+/]{32,86}={0,2}/g, isReal: isVaried },
  { name: "aws-key", pattern: /\b(AKIA|ASIA)[0-9A-Z]{16}\b/g },
  { name: "github-token", pattern: /\b(gh[pousr]_[A-Za-z0-9]{36,}|github_pat_\w{40,})\b/g },
  { name: "npm-token", pattern: /\bnpm_[A-Za-z0-9]{36}\b/g },
  { name: "google-key", pattern: /\bAIza[\w-]{35}\b/g },
  { name: "slack-token", pattern: /\bxox[abeoprs]-[A-Za-z0-9-]{10,}/g },
  { name: "slack-hook", pattern: /hooks\.slack\.com\/services\/T\w+\/B\w+\/\w{20,}/g },
  { name: "stripe-live-key", pattern: /\b[sr]k_live_[A-Za-z0-9]{16,}/g },
  { name: "private-key", pattern: /-----BEGIN ([A-Z]+ )?PRIVATE KEY-----/g },
  { name: "jwt", pattern: /\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{20,}/g },
];

/** A pattern of few different characters was typed by hand, as an example. */
function isVaried(text: string): boolean {
  return new Set(text).size > 15;
}

/** Secrets in one text. The finding names the form and the place and repeats nothing of the secret. */
export function secretsIn(path: string, text: string, where = ""): Finding[] {
  return FORMS.flatMap(({ name, pattern, isReal }) =>
    [...text.matchAll(pattern)]
      .filter(([match]) => isReal?.(match) ?? true)
      .map(({ index }) => {
        const line = text.slice(0, index).split("\n").length;
        const place = where === "" ? `${path}:${line}` : `${path} in ${where}`;
        return { rule: `secret.${name}`, at: path, told: `a ${name} in ${place}` };
      }),
  );
}

/** Scans every file that git has or would take. */
export async function scanTree(): Promise<Finding[]> {
  const listed = await run(["git", "ls-files", "-z", "-co", "--exclude-standard"]);
  if (listed.code !== 0) throw new Error(`git ls-files failed: ${listed.output}`);
  return listed.output.split("\0").flatMap((path) => {
    const text = path === "" ? undefined : readIfThere(join(root, path));
    return text === undefined ? [] : secretsIn(path, text);
  });
}

/** Scans every line that any commit of any branch has added; a removed secret is known all the same. */
export async function scanHistory(): Promise<{
  readonly commits: number;
  readonly findings: readonly Finding[];
}> {
  const format = ["--format=%x00%h", "--no-color", "--no-ext-diff", "--no-prefix", "--unified=0"];
  const log = await run(["git", "log", "--all", "-p", "-m", "--no-renames", ...format]);
  if (log.code !== 0) throw new Error(`git log failed: ${log.output}`);
  const commits = log.output.split("\0").slice(1);
  return { commits: commits.length, findings: once(commits.flatMap(secretsAdded)) };
}

/** Secrets in one commit as `git log -p --no-prefix` writes it: its short hash, then its patch. */
export function secretsAdded(commit: string): Finding[] {
  const [hash = ""] = commit.split("\n", 1);
  return commit
    .split(/^(?=diff --git )/m)
    .slice(1)
    .flatMap((patch) => {
      const path = /^\+\+\+ ([^\t\n]+)/m.exec(patch)?.[1] ?? "";
      const added = patch.match(/^\+(?!\+\+ ).*/gm) ?? [];
      return secretsIn(path, added.map((line) => line.slice(1)).join("\n"), `commit ${hash}`);
    });
}

function once(findings: readonly Finding[]): Finding[] {
  return [...new Map(findings.map((one) => [`${one.rule} ${one.told}`, one])).values()];
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // Listed and gone again, or a link to a folder.
    return undefined;
  }
}
