const secondsByUnit: Readonly<Record<string, number>> = {
  ns: 1e-9,
  us: 1e-6,
  µs: 1e-6,
  μs: 1e-6,
  ms: 1e-3,
  s: 1,
  m: 60,
  h: 3600,
};

/** Seconds of a duration as Go writes it (`1h30m`, `1.5s`, `0`); null for anything else. */
export function readGoDuration(text: string): number | null {
  const match = /^([+-]?)((?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+|0)$/.exec(text);
  if (match === null) return null;
  const [, sign, amounts = ''] = match;
  let seconds = 0;
  for (const [, amount, unit = ''] of amounts.matchAll(/([\d.]+)([a-zµμ]+)/g)) {
    seconds += Number(amount) * secondsByUnit[unit]!;
  }
  return sign === '-' ? -seconds : seconds;
}
