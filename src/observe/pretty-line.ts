import type { LogEntry } from './log-entry.ts';

/** Nothing a client sent may move the cursor or start a line of its own. */
const harmless = (text: string): string =>
  text.replace(/[\p{Cc}\u2028\u2029]/gu, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`);

const shown = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

const units = ['B', 'kB', 'MB', 'GB'];

/** `512 B`, `20.1 kB`: three digits are enough for a person. */
function size(bytes: number): string {
  const step = bytes < 1000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  return `${step === 0 ? bytes : (bytes / 1000 ** step).toPrecision(3)} ${units[step]}`;
}

function requestText({ facts }: LogEntry): string {
  const word = (name: string): string => (facts[name] === undefined ? '' : shown(facts[name]));
  const origin = facts.tier === undefined ? word('cache') : `${word('cache')}/${word('tier')}`;
  const source = facts.error === undefined || facts.source === undefined ? '' : `source ${word('source')}`;
  const words = [
    word('status'),
    word('method'),
    word('target'),
    `${word('ms')} ms`,
    size(Number(facts.bytes)),
    origin === 'none' ? '' : origin,
    word('error'),
    word('detail'),
    source,
  ];
  return words.filter((text) => text !== '').join('  ');
}

/** One line for a person at a terminal: `14:03:07 info   200  GET  /a.jpg  1.2 ms  20.1 kB  hit/memory`. */
export function prettyLine(entry: LogEntry, now: Date): string {
  const time = now.toTimeString().slice(0, 8);
  const facts = Object.entries(entry.facts).map(([name, value]) => `${name}=${shown(value)}`);
  const text = entry.message === 'request' ? requestText(entry) : [entry.message, ...facts].join('  ');
  return `${time} ${entry.level.padEnd(5)}  ${harmless(text)}\n`;
}
