import { Buffer } from "node:buffer";
import type { Socket } from "node:net";

const LINE_BYTES_MAX = 64 * 1024 * 1024;
const NEWLINE = 0x0a;

/**
 * Calls `listen` for every line of a socket. Not node:readline: that one also ends lines at U+2028 and U+2029, which JSON
 * leaves bare within texts. A line without an end is cut off with its socket at 64 MB.
 */
export function onLines(socket: Socket, listen: (line: string) => void): void {
  let parts: Buffer[] = [];
  let held = 0;
  socket.on("data", (chunk: Buffer) => {
    let rest = chunk;
    for (let end = rest.indexOf(NEWLINE); end >= 0; end = rest.indexOf(NEWLINE)) {
      const line = Buffer.concat([...parts, rest.subarray(0, end)]).toString("utf8");
      [parts, held] = [[], 0];
      rest = rest.subarray(end + 1);
      listen(line);
    }
    parts.push(rest);
    held += rest.byteLength;
    if (held > LINE_BYTES_MAX) socket.destroy();
  });
}
