import { createHmac } from 'node:crypto';
import { PictorError } from '../core/errors.ts';
import type { LegacyFlag } from '../dialects/imageproxy/legacy-flags.ts';
import { readFlagText } from '../dialects/imageproxy/legacy-reading.ts';
import { signingInput } from '../dialects/imageproxy/sign.ts';
import { goUsage, readGoFlags } from '../lib/go-flags.ts';
import { type Command, type CommandCall, exitFailed, exitMisused } from './command.ts';
import { readBytes } from './imageproxy-config.ts';

const defaultKey = '@/etc/imageproxy.key';

const flags: readonly LegacyFlag[] = [
  { name: 'key', kind: 'text', usage: "signing key, or file containing key prefixed with '@'" },
  { name: 'url', kind: 'switch', usage: 'sign the URL alone, without options' },
];

const usage = (): string =>
  goUsage('imageproxy-sign', [
    { name: 'key', takes: ' string', usage: flags[0]!.usage, fallback: JSON.stringify(defaultKey) },
    { name: 'url', takes: '', usage: flags[1]!.usage },
  ]);

interface SignCall {
  readonly key: string;
  readonly urlOnly: boolean;
  readonly words: readonly string[];
  /** In the words of Go's flag package. */
  readonly misuses: readonly string[];
}

function readSignCall({ args }: CommandCall): SignCall {
  const reading = readGoFlags(args, {
    flags,
    isSwitch: ({ kind }) => kind === 'switch',
    isOurs: () => false,
  });
  const given = (name: string) => reading.given.findLast(({ flag }) => flag.name === name)?.text;
  const alone = readFlagText(flags[1]!, given('url') ?? 'false');
  return {
    key: given('key') ?? defaultKey,
    urlOnly: 'value' in alone && alone.value === true,
    words: reading.unread,
    misuses: [
      ...reading.misuses,
      ...('value' in alone ? [] : [`invalid boolean value ${JSON.stringify(given('url'))} for -url`]),
    ],
  };
}

/**
 * `pictor imageproxy-sign [-key KEY] [-url] URL`: the signature for a URL, in two lines. What is wrong with flags ends it
 * with 2, as in Go, everything else with 1.
 */
export const imageproxySign: Command = async (call) => {
  const { key: named, urlOnly, words, misuses } = readSignCall(call);
  if (misuses.length > 0) {
    call.complain(`${misuses.join('\n')}\n${usage()}`);
    return exitMisused;
  }
  const [url, ...more] = words;
  if (url === undefined || more.length > 0) {
    call.complain(`expected one URL, got ${words.length}\n${usage()}`);
    return exitFailed;
  }
  const isFile = named.startsWith('@');
  const key = isFile ? readBytes(named.slice(1)) : named;
  if (isFile && typeof key === 'string') {
    call.complain(`-key ${named}: ${key}\n`);
    return exitFailed;
  }
  try {
    const digest = createHmac('sha256', key).update(signingInput(url, { urlOnly })).digest('base64url');
    call.print(`url: ${url}\nsignature: ${digest}=\n`);
    return 0;
  } catch (thrown) {
    if (!(thrown instanceof PictorError)) throw thrown;
    call.complain(`${thrown.reason ?? thrown.message}\n`);
    return exitFailed;
  }
};
