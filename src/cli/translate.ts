import { dialectOf, dialectSettingsOf, isDialectName, loadDialects } from '../app/dialects.ts';
import {
  type Translation,
  type TranslationPlace,
  translatePicture,
  type WriterName,
  writerNames,
} from '../client/translate/translate.ts';
import { ConfigError, type Problem, showValue } from '../config/problems.ts';
import { PictorError } from '../core/errors.ts';
import type { DialectName } from '../dialects/index.gen.ts';
import { createMountMatcher } from '../http/mounts.ts';
import type { RequestTarget } from '../request/dialect.ts';
import type { StoragePlace } from '../request/storage.ts';
import { type Command, type CommandCall, exitFailed, refuseWords } from './command.ts';
import { readServeConfig } from './serve-config.ts';
import { asLocalFile, bucketOf } from './translate-place.ts';

/** How a URL is read: the dialect with its settings, and the target below its mount. */
interface Reading {
  readonly dialect: DialectName;
  readonly settings: unknown;
  readonly target: RequestTarget;
  /** Where its mount keeps pictures. Absent: nobody said. */
  readonly place?: StoragePlace | undefined;
  /** Folder that `local:` addresses are below; empty: there are none. */
  readonly fileRoot: string;
}

const isWriter = (name: unknown): name is WriterName => writerNames.some((each) => each === name);

const named = `one of ${writerNames.join(', ')}`;

/**
 * `pictor translate URL --to DIALECT [--from DIALECT] [--bucket NAME[/PREFIX]] [settings]`: the URL that asks for the same
 * picture in another URL language. Without `--from` the mounts of the configuration say which language the URL speaks.
 */
export const translate: Command = async (call) => {
  const { url, to, place, from } = optionsOf(call);
  const reading = from === null ? await readByMounts(url, call) : await readAs(from, url, call);
  try {
    const translation = await inWords(reading, to, place);
    for (const note of translation.notes) call.complain(`note: ${note}\n`);
    call.print(`${translation.url}\n`);
    return 0;
  } catch (thrown) {
    if (!(thrown instanceof PictorError)) throw thrown;
    call.complain(`no translation from ${reading.dialect} to ${to}: ${reasonOf(thrown)}\n`);
    return exitFailed;
  }
};

/**
 * Within one language nothing need be lost: what the words that all languages share cannot say well is worded by the language
 * itself. Null: it cannot either.
 */
function sameLanguage({ dialect, settings, target }: Reading, to: WriterName): Translation | null {
  if (dialect !== to) return null;
  const { image, raw = false, delivery } = dialectOf(dialect).parse(target, settings, {});
  const { vary: _, ...handing } = delivery;
  if (raw || Object.keys(handing).length > 0) return null;
  try {
    return { url: dialectOf(to).format(image, dialectSettingsOf(to).parse({})), notes: [] };
  } catch (thrown) {
    if (thrown instanceof PictorError) return null;
    throw thrown;
  }
}

/** @throws PictorError where there is no equivalent */
async function inWords(
  reading: Reading,
  to: WriterName,
  place: TranslationPlace | undefined,
): Promise<Translation> {
  try {
    const translation = await otherWords(reading, to, place);
    return translation.notes.length === 0 ? translation : (sameLanguage(reading, to) ?? translation);
  } catch (thrown) {
    const own = thrown instanceof PictorError ? sameLanguage(reading, to) : null;
    if (own === null) throw thrown;
    return own;
  }
}

async function otherWords(
  { dialect, settings, target, place, fileRoot }: Reading,
  to: WriterName,
  named: TranslationPlace | undefined,
): Promise<Translation> {
  const parsed = dialectOf(dialect).parse(target, settings, {});
  const asked = named === undefined ? asLocalFile(parsed, place, fileRoot) : parsed;
  return translatePicture(asked, to, named ?? bucketOf(place));
}

function reasonOf({ code, reason, detail, message }: PictorError): string {
  if (reason !== undefined) return reason;
  if (code === 'NOT_FOUND') return 'this asks for no picture';
  return detail === undefined ? message : `${message}: ${detail}`;
}

/** @throws ConfigError with every problem */
function optionsOf({ args, options }: CommandCall) {
  const problems: Problem[] = [];
  const [url = ''] = args;
  const { to, from, bucket } = options;
  if (url === '' || url.startsWith('-'))
    problems.push({ where: 'URL', message: 'expected a URL, or the path of one' });
  if (!isWriter(to)) problems.push({ where: '--to', ...shown(to), message: `expected ${named}` });
  if (from !== undefined && !isDialectName(from))
    problems.push({ where: '--from', ...shown(from), message: `expected ${named}` });
  const place = typeof bucket === 'string' ? placeOf(bucket) : undefined;
  if (bucket !== undefined && place === undefined)
    problems.push({ where: '--bucket', ...shown(bucket), message: 'expected NAME or NAME/PREFIX' });
  if (problems.length > 0) throw new ConfigError(problems);
  return { url, to: to as WriterName, place, from: (from ?? null) as DialectName | null };
}

const shown = (value: unknown): Pick<Problem, 'value'> =>
  value === undefined ? {} : { value: showValue(value) };

/** `photos/images` is the bucket `photos` with `images/` before every key. */
function placeOf(text: string): TranslationPlace | undefined {
  const [, bucket, prefix = ''] = /^([^/]+)(?:\/(.*))?$/s.exec(text) ?? [];
  if (bucket === undefined) return undefined;
  return { bucket, prefix: prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/` };
}

/** Scheme and host are gone; nothing is decoded. */
function split(url: string): { readonly raw: string; readonly host: string | undefined } {
  const match = /^https?:\/\/([^/?#]*)([^#]*)/i.exec(url);
  if (match === null) return { raw: url.startsWith('/') ? url : `/${url}`, host: undefined };
  const [, host, rest = ''] = match;
  return { raw: rest.startsWith('/') ? rest : `/${rest}`, host };
}

async function readAs(dialect: DialectName, url: string, call: CommandCall): Promise<Reading> {
  refuseWords({ ...call, args: call.args.slice(1) }, 'expected one URL, and no settings beside --from');
  await loadDialects([dialect]);
  const { raw } = split(url);
  const [path = '', ...query] = raw.split('?');
  const settings: unknown = dialectSettingsOf(dialect).parse({});
  return { dialect, settings, target: { raw, path, query: query.join('?') }, fileRoot: '' };
}

/** @throws ConfigError where no mount answers such a URL */
async function readByMounts(url: string, call: CommandCall): Promise<Reading> {
  const { config } = await readServeConfig({ ...call, args: call.args.slice(1) });
  const { raw, host } = split(url);
  const match = createMountMatcher(config.mounts)(raw, host);
  if (match === null) {
    const message = `no mount of the configuration answers this: say which language it speaks (--from, ${named})`;
    throw new ConfigError([{ where: 'URL', value: showValue(url), message }]);
  }
  const { dialect, settings } = match.mount;
  const place = dialectOf(dialect).storage?.place(settings);
  return { dialect, settings, target: match.target, place, fileRoot: config.sources.file.root };
}
