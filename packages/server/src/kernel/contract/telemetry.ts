/** Structured log lines; secrets are redacted by type and by header name. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Makes metrics. Names get the prefix `portico_`; labels are route templates and classes, never ids. */
export interface Meter {
  counter(name: string, help: string, labels?: readonly string[]): Counter;
  histogram(name: string, help: string, labels?: readonly string[]): Histogram;
  gauge(name: string, help: string, read: () => number): void;
}

/** Only goes up. */
export interface Counter {
  add(amount: number, labels?: Readonly<Record<string, string>>): void;
}

/** Counts how long things take, in seconds. */
export interface Histogram {
  observe(seconds: number, labels?: Readonly<Record<string, string>>): void;
}
