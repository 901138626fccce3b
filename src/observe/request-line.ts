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

/** Durations of hits are few: every hundredth below this many is put into text once. */
const mostDurations = 1000;
const durations: string[] = [];

function durationText(ms: number): string {
  const hundredths = Math.round(ms * 100);
  if (hundredths >= mostDurations) return String(rounded(ms));
  durations[hundredths] ??= String(rounded(ms));
  return durations[hundredths];
}

/** What the lines of one target have in common, and the event it was taken from. */
interface CommonText {
  readonly event: RequestEvent;
  readonly beforeDuration: string;
  readonly afterClient: string;
}

/** By target. A hit then takes five texts to put together, not twenty. */
const common = new Map<string, CommonText>();
const mostCommon = 1024;

const isCommonTo = (known: RequestEvent, event: RequestEvent): boolean =>
  known.status === event.status &&
  known.bytes === event.bytes &&
  known.cache === event.cache &&
  known.method === event.method &&
  known.mount === event.mount &&
  known.tier === event.tier &&
  known.source === event.source;

function commonText(event: RequestEvent): CommonText {
  const known = common.get(event.target);
  if (known !== undefined && isCommonTo(known.event, event)) return known;
  const made = { event, beforeDuration: beforeDuration(event), afterClient: afterClient(event) };
  // Only those of hits come again. A source is longer than its target only where that is an abbreviation.
  if (event.cache !== 'hit' || event.target.length > longestEscaped) return made;
  if (common.size >= mostCommon) common.clear();
  common.set(event.target, made);
  return made;
}

/** Joined: a text that was added up stays in pieces, which are walked through whenever it is written. */
const beforeDuration = ({ method, target, status, mount, cache, bytes }: RequestEvent): string =>
  [
    `,"method":${repeated(method)},"target":`,
    repeated(target),
    `,"status":${status},"mount":${repeated(mount)},"cache":"${cache}","bytes":${bytes},"ms":`,
  ].join('');

const afterClient = ({ tier, source }: RequestEvent): string =>
  [
    tier === undefined ? '' : `,"tier":${repeated(tier)}`,
    source === undefined ? '' : `,"source":${repeated(source)}`,
  ].join('');

/** What only requests have that were no plain hits. */
function special({ error, detail, fallback, timings }: RequestEvent): string {
  let text = '';
  if (error !== undefined) text += `,"error":"${error}"`;
  if (detail !== undefined) text += `,"detail":${quoted(capped(detail))}`;
  if (fallback === true) text += ',"fallback":true';
  if (timings !== undefined) {
    const parts = Object.entries(timings).map(([part, ms]) => `"${part}":${rounded(ms)}`);
    text += `,"timings":{${parts.join(',')}}`;
  }
  return text;
}

/**
 * The line of a request as JSON, field for field what pino would write. Put together by hand because it runs on every hit,
 * where it would be the largest single cost.
 * @param time ISO 8601
 */
export function requestLine(event: RequestEvent, level: string, time: string): string {
  const { beforeDuration, afterClient } = commonText(event);
  return `{"level":"${level}","time":"${time}","id":${quoted(event.id)}${beforeDuration}${durationText(
    event.ms,
  )},"client":${repeated(event.client)}${afterClient}${special(event)},"msg":"request"}\n`;
}
