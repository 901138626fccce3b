import { createHmac } from 'node:crypto';
import { ConfigError } from '../config/problems.ts';
import { PictorError } from '../core/errors.ts';
import { signingInput } from '../dialects/imageproxy/sign.ts';
import type { Command, CommandCall } from './command.ts';
import { exitFailed, exitMisused } from './command.ts';
import { readBytes } from './imageproxy-config.ts';

const usage = `Usage of imageproxy-sign: imageproxy-sign [-key KEY] [-url] URL
  -key string
    \tsigning key, or file containing key prefixed with '@' (default "@/etc/imageproxy.key")
  -url
    \tsign the URL alone, without options
`;

interface SignFlags {
  readonly key: string;
  readonly urlOnly: boolean;
  readonly url: string;
}

/** Reads the flags; null when they were not understood. */
function readSignFlags({ args }: CommandCall): SignFlags | null {
  let key = '@/etc/imageproxy.key';
  let urlOnly = false;
  let at = 0;
  for (; at < args.length && /^-./.test(args[at]!); at += 1) {
    const [, name, inline] = /^--?(key|url)(?:=(.*))?$/s.exec(args[at]!) ?? [];
    if (name === 'url') urlOnly = inline !== 'false';
    else if (name === 'key' && inline !== undefined) key = inline;
    else if (name === 'key' && args[at + 1] !== undefined) {
      at += 1;
      key = args[at]!;
    } else return null;
  }
  const [url, ...more] = args.slice(at);
  return url === undefined || more.length > 0 ? null : { key, urlOnly, url };
}

/** `pictor imageproxy-sign [-key KEY] [-url] URL`: the signature for a URL, in two lines. */
export const imageproxySign: Command = async (call) => {
  const flags = readSignFlags(call);
  if (flags === null) {
    call.complain(usage);
    return exitMisused;
  }
  const key = flags.key.startsWith('@') ? readBytes(flags.key.slice(1)) : flags.key;
  if (typeof key === 'string' && flags.key.startsWith('@'))
    throw new ConfigError([{ where: `-key ${flags.key}`, message: key }]);
  try {
    const digest = createHmac('sha256', key)
      .update(signingInput(flags.url, { urlOnly: flags.urlOnly }))
      .digest('base64url');
    call.print(`url: ${flags.url}\nsignature: ${digest}=\n`);
    return 0;
  } catch (thrown) {
    if (!(thrown instanceof PictorError)) throw thrown;
    call.complain(`${thrown.reason ?? thrown.message}\n`);
    return exitFailed;
  }
};
