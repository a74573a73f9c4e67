import { createRequire } from "node:module";
import { pino } from "pino";
import type { DestinationStream } from "pino";
import type pinoPretty from "pino-pretty";
import type { Logger } from "../contract/index.ts";
import { redactFields, redactText } from "./redact.ts";

/** How much is logged. */
export type LogLevel = "debug" | "info" | "warn" | "error" | "silent";

/** How lines are written and where. */
export interface LoggerOptions {
  readonly level: LogLevel;
  /** `auto`: pretty on a terminal, JSON elsewhere. */
  readonly format: "auto" | "json" | "pretty";
  /** Standard output when left out. */
  readonly destination?: DestinationStream;
  /** Fields of every line, such as the version. */
  readonly base?: Readonly<Record<string, unknown>>;
  /** Secrets of the configuration that must not appear in any line, whatever they look like. */
  readonly secrets?: readonly string[];
}

/** The root of all loggers. */
export interface RootLogger extends Logger {
  /** A logger whose lines carry more fields. */
  child(fields: Readonly<Record<string, unknown>>): Logger;
  setLevel(level: LogLevel): void;
  /** Writes out what is buffered; before the process ends. */
  flush(): void;
}

type LineWriter = Record<
  "debug" | "info" | "warn" | "error",
  (fields: object, text: string) => void
>;

interface Leveled extends LineWriter {
  isLevelEnabled(level: string): boolean;
}

function redacting(to: Leveled, secrets: readonly string[]): Logger {
  const write = (level: keyof LineWriter) => (fields: object, message: string) => {
    if (!to.isLevelEnabled(level)) return;
    to[level](redactFields(fields, secrets), redactText(message, secrets));
  };
  return { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") };
}

function destinationOf(options: LoggerOptions): DestinationStream {
  const isPretty =
    options.format === "pretty" || (options.format === "auto" && process.stdout.isTTY);
  if (!isPretty) return options.destination ?? pino.destination({ dest: 1, sync: false });
  const out = options.destination ?? process.stdout;
  const colorize = process.stdout.isTTY && process.stdout.hasColors();
  const ignore = "pid,hostname,service,version";
  // Loaded only where a terminal is: a server that writes JSON never pays for it.
  const { prettyFactory } = createRequire(import.meta.url)("pino-pretty") as typeof pinoPretty;
  const messageKey = "message";
  const prettify = prettyFactory({ colorize, ignore, messageKey, translateTime: "HH:MM:ss.l" });
  return { write: (line) => void out.write(prettify(line) ?? line) };
}

/**
 * Makes the logger of a server: one JSON line an entry with `time` in RFC 3339, `level` as a word and `message`; or
 * readable lines on a terminal. Secrets are taken out of fields and messages, see {@link redactFields}.
 *
 * @example
 * const logger = createLogger({ level: "info", format: "auto", base: { version: "0.1.0" } });
 * logger.info({ port: 8080 }, "listening");
 */
export function createLogger(options: LoggerOptions): RootLogger {
  const secrets = options.secrets ?? [];
  const root = pino(
    {
      level: options.level,
      base: { service: "portico", ...options.base },
      messageKey: "message",
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destinationOf(options),
  );
  return {
    ...redacting(root, secrets),
    child: (fields) => redacting(root.child(redactFields(fields, secrets)), secrets),
    setLevel: (level) => {
      root.level = level;
    },
    flush: () => root.flush(),
  };
}

/** A logger that writes nothing. */
export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
