import type { PictorEvent } from '../core/events.ts';
import { capped, rounded } from './log-entry.ts';

type RequestEvent = Extract<PictorEvent, { type: 'request' }>;

/** Printable ASCII without quote and backslash needs no escaping: nearly every text of a request. */
const plain = /^[ !#-[\]-~]*$/;
const quoted = (text: string): string => (plain.test(text) ? `"${text}"` : JSON.stringify(text));

/** Texts of hits (targets, sources, clients) come again and again: each is escaped and shortened once. */
const escaped = new Map<string, string>();
const mostEscaped = 4096;
const longestEscaped = 512;

function repeated(text: string): string {
  const known = escaped.get(text);
  if (known !== undefined) return known;
  const made = quoted(capped(text));
  if (text.length > longestEscaped) return made;
  if (escaped.size >= mostEscaped) escaped.clear();
  escaped.set(text, made);
  return made;
}

/**
 * The line of a request as JSON, field for field what pino would write. Put together by hand because it runs on every hit,
 * where it would be the largest single cost.
 * @param time ISO 8601
 */
export function requestLine(event: RequestEvent, level: string, time: string): string {
  const { tier, source, error, detail, timings } = event;
  let line = `{"level":"${level}","time":"${time}","id":${quoted(event.id)},"method":${repeated(event.method)},"target":${repeated(event.target)},"status":${event.status},"mount":${repeated(event.mount)},"cache":"${event.cache}","bytes":${event.bytes},"ms":${rounded(
    event.ms,
  )},"client":${repeated(event.client)}`;
  if (tier !== undefined) line += `,"tier":${repeated(tier)}`;
  if (source !== undefined) line += `,"source":${repeated(source)}`;
  if (error !== undefined) line += `,"error":"${error}"`;
  if (detail !== undefined) line += `,"detail":${quoted(capped(detail))}`;
  if (event.fallback === true) line += ',"fallback":true';
  if (timings !== undefined) {
    const parts = Object.entries(timings).map(([part, ms]) => `"${part}":${rounded(ms)}`);
    line += `,"timings":{${parts.join(',')}}`;
  }
  return `${line},"msg":"request"}\n`;
}
