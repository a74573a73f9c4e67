const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const IMF = /^(?:mon|tue|wed|thu|fri|sat|sun), (\d\d) ([a-z]{3}) (\d{4}) (\d\d):(\d\d):(\d\d) gmt$/;
const RFC_850 = /^[a-z]{6,9}, (\d\d)-([a-z]{3})-(\d\d) (\d\d):(\d\d):(\d\d) gmt$/;
const ASCTIME = /^[a-z]{3} ([a-z]{3}) ([ \d]\d) (\d\d):(\d\d):(\d\d) (\d{4})$/;

/**
 * Reads an HTTP-date in any of its three forms (RFC 9110 §5.6.7): milliseconds since 1970, or undefined for anything
 * else. A two-digit year more than 50 years ahead of `nowMs` is of the past century.
 */
export function parseHttpDate(text: string, nowMs: number): number | undefined {
  const lower = text.trim().toLowerCase();
  const imf = IMF.exec(lower);
  if (imf !== null) {
    const [, day, month, year, ...time] = imf;
    return instant({ day, month, year: Number(year), time });
  }
  const old = RFC_850.exec(lower);
  if (old !== null) {
    const [, day, month, digits, ...time] = old;
    return instant({ day, month, year: fullYear(Number(digits), nowMs), time });
  }
  const asctime = ASCTIME.exec(lower);
  if (asctime === null) return undefined;
  const [, month, day, hours, minutes, seconds, year] = asctime;
  return instant({ day, month, year: Number(year), time: [hours, minutes, seconds] });
}

/** The one form in which an HTTP-date is written. */
export function toHttpDate(ms: number): string {
  return new Date(ms).toUTCString();
}

interface Parts {
  readonly day: string | undefined;
  readonly month: string | undefined;
  readonly year: number;
  readonly time: readonly (string | undefined)[];
}

function instant({ day, month, year, time }: Parts): number | undefined {
  const monthIndex = MONTHS.indexOf(month ?? "");
  const [hours = 0, minutes = 0, seconds = 0] = time.map(Number);
  if (monthIndex < 0 || hours > 23 || minutes > 59 || seconds > 60) return undefined;
  const ms = Date.UTC(year, monthIndex, Number(day), hours, minutes, seconds);
  // The 31st of February would silently be another day.
  return new Date(ms).getUTCDate() === Number(day) || seconds === 60 ? ms : undefined;
}

function fullYear(digits: number, nowMs: number): number {
  const thisYear = new Date(nowMs).getUTCFullYear();
  const year = Math.floor(thisYear / 100) * 100 + digits;
  return year > thisYear + 50 ? year - 100 : year;
}
