/** HTTP dates (RFC 9110 section 5.6.7), in whole seconds as the format has them. */

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

const fixed = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (\d\d) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d) GMT$/;
const rfc850 =
  /^(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, (\d\d)-([A-Z][a-z]{2})-(\d\d) (\d\d):(\d\d):(\d\d) GMT$/;
const asctime = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) ([A-Z][a-z]{2}) ([ \d]\d) (\d\d):(\d\d):(\d\d) (\d{4})$/;

interface DateParts {
  readonly year: number;
  readonly month: string;
  readonly day: string;
  readonly time: readonly (string | undefined)[];
}

/** Milliseconds of a calendar date that exists; null for 31 February, 25 o'clock and unknown months. */
function milliseconds({ year, month, day, time }: DateParts): number | null {
  const monthIndex = months.indexOf(month.toLowerCase());
  const dayOfMonth = Number(day);
  const [hour, minute, second] = time.map(Number) as [number, number, number];
  if (monthIndex < 0 || hour > 23 || minute > 59 || second > 60) return null;
  const midnight = Date.UTC(year, monthIndex, dayOfMonth);
  if (new Date(midnight).getUTCDate() !== dayOfMonth) return null;
  return midnight + ((hour * 60 + minute) * 60 + second) * 1000;
}

/** A two-digit year that would lie more than 50 years ahead means the century before (RFC 9110 section 5.6.7). */
function fullYear(twoDigits: number, now: number): number {
  const thisYear = new Date(now).getUTCFullYear();
  const year = thisYear - (thisYear % 100) + twoDigits;
  return year > thisYear + 50 ? year - 100 : year;
}

/**
 * Reads the three forms a recipient must accept (IMF-fixdate, RFC 850, asctime).
 * @returns epoch milliseconds, or null when the text is no HTTP date
 */
export function parseHttpDate(text: string, now: number = Date.now()): number | null {
  const imf = fixed.exec(text);
  if (imf !== null) {
    return milliseconds({ year: Number(imf[3]), month: imf[2]!, day: imf[1]!, time: imf.slice(4, 7) });
  }
  const old = rfc850.exec(text);
  if (old !== null) {
    const year = fullYear(Number(old[3]), now);
    return milliseconds({ year, month: old[2]!, day: old[1]!, time: old.slice(4, 7) });
  }
  const c = asctime.exec(text);
  if (c === null) return null;
  return milliseconds({ year: Number(c[6]), month: c[1]!, day: c[2]!, time: c.slice(3, 6) });
}

/** Writes epoch milliseconds as IMF-fixdate, the only form that may be sent. */
export const formatHttpDate = (epochMs: number): string => new Date(epochMs).toUTCString();
