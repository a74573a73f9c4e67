import type { CliInput, CliOutput, CliRequest } from "../../kernel/contract/index.ts";
import { hint, printLine } from "../terminal.ts";
import type { Globals, Output } from "../terminal.ts";
import type { RequestClient } from "./send-request.ts";

/** Prints what a command goes on giving, and makes the requests among it. */
export interface Sender {
  /** Settles when it is printed; false when nobody reads any more. */
  tell(output: CliOutput): Promise<boolean>;
  close(): Promise<void>;
}

/**
 * Opens what prints and sends. At a terminal the key `r` makes the last request again, which `again` gives anew: a
 * signature is of its time.
 */
export function openSender(globals: Globals, again: (input: CliInput) => Promise<Output>): Sender {
  let last: CliRequest | undefined;
  let client: RequestClient | undefined;
  let closeKeys: (() => void) | undefined;
  const repeat = async (): Promise<void> => {
    try {
      if (last !== undefined) await tell(await again(last.again));
    } catch (error) {
      hint(`not replayed: ${error instanceof Error ? error.message : String(error)}`, globals);
    }
  };
  const tell = async (output: CliOutput): Promise<boolean> => {
    const { send } = output;
    if (send === undefined) return await printLine(output, globals);
    // Loaded by the commands that send: all others need no client.
    const { openClient, outcomeText, sendRequest } = await import("./send-request.ts");
    last = send;
    client ??= openClient();
    closeKeys ??= watchKey(globals, () => void repeat());
    const outcome = await sendRequest(client, send);
    return await printLine(withOutcome(output, { ...outcome }, outcomeText(outcome)), globals);
  };
  return {
    tell,
    close: async () => {
      closeKeys?.();
      await client?.close();
    },
  };
}

function withOutcome({ data, text, hint }: CliOutput, outcome: object, told: string): Output {
  return {
    data: { ...(typeof data === "object" ? data : {}), ...outcome },
    text: `${text}  →  ${told}`,
    ...(hint === undefined ? {} : { hint }),
  };
}

const CTRL_C = "\u0003";

/** Calls back for every `r` that is typed; nothing where nobody types. */
function watchKey(globals: Globals, pressed: () => void): () => void {
  const { stdin } = process;
  if (!stdin.isTTY || !globals.input) return () => undefined;
  const onData = (chunk: Buffer): void => {
    const key = chunk.toString();
    if (key === "r") pressed();
    // A terminal that gives keys one by one gives this one too, instead of the signal.
    if (key === CTRL_C) process.kill(process.pid, "SIGINT");
  };
  stdin.setRawMode(true);
  stdin.on("data", onData);
  hint("r delivers the last one again", globals);
  return () => {
    stdin.off("data", onData);
    stdin.setRawMode(false);
    stdin.pause();
  };
}
