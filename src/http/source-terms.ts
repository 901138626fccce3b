import { hash } from 'node:crypto';
import type { PassedHeaders } from '../core/ports.ts';
import type { AnswerPolicy, MountPolicy, ParsedRequest } from '../request/dialect.ts';
import type { ServeRequest } from '../service/serve-image-types.ts';
import { type HttpRequest, headerText } from './messages.ts';

/** What sources are told of a client, and how their answers are taken. */
export type SourceTerms = (
  request: HttpRequest,
  parsed: Pick<ParsedRequest, 'names'>,
) => Pick<ServeRequest, 'passed' | 'rules'>;

/**
 * Never passed on: what belongs to the connection, to conditions and parts (the answer is for more than this client), or
 * to the coding of the body, which is ours to undo.
 */
const notPassed: ReadonlySet<string> = new Set([
  'accept-encoding',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'expect',
  'host',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'range',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

const personal: ReadonlySet<string> = new Set(['authorization', 'cookie']);

/** The terms of one mount, worked out as far as no request is needed. */
export function createSourceTerms({ answers }: MountPolicy): SourceTerms {
  if (answers === undefined) return () => ({});
  const { minSeconds, force } = answers;
  const rules = { name: JSON.stringify([minSeconds, force]), anyAnswer: true, minSeconds, force };
  const names = answers.passed.filter((name) => !notPassed.has(name));
  const always = names.length > 0 ? null : passedFrom({ headers: {} }, names, answers);
  return (request, parsed) => {
    const passed = names.length === 0 ? always : passedFrom(request, names, answers);
    return {
      rules: parsed.names === undefined ? rules : { ...rules, names: parsed.names },
      ...(passed === null ? {} : { passed }),
    };
  };
}

function passedFrom(
  { headers }: Pick<HttpRequest, 'headers'>,
  names: readonly string[],
  { accept }: Pick<AnswerPolicy, 'accept'>,
): PassedHeaders | null {
  const given = names.flatMap((name) => {
    const value = headerText(headers[name]);
    return value === undefined ? [] : [[name, value] as const];
  });
  const values: Record<string, string> = Object.fromEntries(given);
  // Ours comes first, as a value of its own.
  if (accept !== '')
    values['accept'] = [accept, ...(values['accept'] === undefined ? [] : [values['accept']])].join(', ');
  if (Object.keys(values).length === 0) return null;
  const isPersonal = given.some(([name]) => personal.has(name));
  return { name: nameOf(values), values, personal: isPersonal };
}

/** A digest: names go to keys and to maps, and credentials have no place there. */
const nameOf = (values: Readonly<Record<string, string>>): string =>
  hash('sha256', JSON.stringify(values), 'base64url');
