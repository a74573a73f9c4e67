export { createLogger, silentLogger } from "./logger.ts";
export type { LoggerOptions, LogLevel, RootLogger } from "./logger.ts";
export { createMeter } from "./meter.ts";
export type { MeterOptions, ServerMeter } from "./meter.ts";
export { redactFields, redactText } from "./redact.ts";
