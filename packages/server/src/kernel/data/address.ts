import { Buffer } from "node:buffer";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sha256 } from "../../base/index.ts";

// sockaddr_un holds 108 bytes on Linux and 104 on macOS, the closing zero included.
const SOCKET_PATH_BYTES_MAX = 103;

/** Where the control socket of a data folder listens. A path too long for a socket moves to the temporary folder. */
export function socketPath(folder: string): string {
  const digest = Buffer.from(sha256(folder)).toString("hex").slice(0, 16);
  if (process.platform === "win32") return `\\\\.\\pipe\\portico-${digest}`;
  const inside = join(folder, "control.sock");
  if (Buffer.byteLength(inside) <= SOCKET_PATH_BYTES_MAX) return inside;
  const user = process.getuid?.() ?? 0;
  return join(tmpdir(), `portico-${user}-${digest}`, "control.sock");
}
