import type { Output } from "../terminal.ts";

/** `portico version`: this version and what it runs on. */
export function version(portico: string): Output {
  const { node } = process.versions;
  const platform = `${process.platform}-${process.arch}`;
  return {
    data: { portico, node, platform },
    text: `portico ${portico} (node ${node}, ${platform})`,
  };
}
