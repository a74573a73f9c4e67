import { mkdir, readdir, rename, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { toRfc3339 } from "portico/kernel";
import { toNodemailer } from "../message.ts";
import type { Written } from "../message.ts";
import type { Transport } from "./transport.ts";

/** Files that are kept; the oldest go first. */
const FILES_MAX = 1_000;

/** Mail as files that a mail program opens, the newest last by name. Nothing leaves the machine. */
export function outboxTransport(folder: string): Transport {
  return {
    kind: "outbox",
    deliver: async (written) => {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const name = `${toRfc3339(written.at).replaceAll(/[:.]/g, "-")}-${written.template}-${written.id}.eml`;
      const passing = join(folder, `.${name}`);
      await writeFile(passing, await sourceOf(written), { mode: 0o600 });
      await rename(passing, join(folder, name));
      await forgetOldest(folder);
    },
  };
}

/** A message as RFC 5322 writes it. */
async function sourceOf(written: Written): Promise<Uint8Array> {
  const { createTransport } = await import("nodemailer");
  const composer = createTransport({ streamTransport: true, buffer: true, newline: "windows" });
  const { message } = await composer.sendMail(toNodemailer(written));
  if (!(message instanceof Uint8Array)) throw new TypeError("nodemailer gave no bytes");
  return message;
}

async function forgetOldest(folder: string): Promise<void> {
  const files = (await readdir(folder)).filter((file) => file.endsWith(".eml")).toSorted();
  for (const file of files.slice(0, Math.max(0, files.length - FILES_MAX))) {
    // Another message may have taken the same file away.
    await unlink(join(folder, file)).catch(() => undefined);
  }
}
