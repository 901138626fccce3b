import { createHmac } from 'node:crypto';
import { ConfigError, type Problem, showValue } from '../config/problems.ts';
import { decodeHex } from '../lib/hex.ts';
import type { Command, CommandCall } from './command.ts';

/** Hexadecimal text of an option or a variable as bytes; null, and a problem that repeats no secret, when it is none. */
function readBytes(call: CommandCall, name: 'key' | 'salt', problems: Problem[]): Uint8Array | null {
  const variable = `IMGPROXY_${name.toUpperCase()}`;
  const option = call.options[name];
  const text = typeof option === 'string' ? option : (call.env[variable] ?? '');
  // Of several pairs the first signs: any of them is accepted.
  const bytes = decodeHex(text.split(',', 1)[0]!.trim());
  if (bytes !== null && bytes.length > 0) return bytes;
  const where = typeof option === 'string' ? `--${name}` : variable;
  const message =
    text === ''
      ? `a value is missing: set ${variable} or --${name} (hexadecimal)`
      : 'expected an even number of hexadecimal digits';
  problems.push({ where, message });
  return null;
}

/**
 * `pictor sign-imgproxy PATH [--key HEX] [--salt HEX]`: the path with its signature before it. PATH is all that follows the
 * signature; key and salt are read from IMGPROXY_KEY and IMGPROXY_SALT when they are not given.
 */
export const signImgproxy: Command = async (call) => {
  const problems: Problem[] = [];
  const [path = ''] = call.args;
  if (!path.startsWith('/')) {
    const message =
      'expected a path that begins with /, for instance /rs:fit:300:300/plain/local:///dawn.jpg@webp';
    problems.push({ where: 'PATH', value: showValue(path), message });
  }
  const key = readBytes(call, 'key', problems);
  const salt = readBytes(call, 'salt', problems);
  if (key === null || salt === null || problems.length > 0) throw new ConfigError(problems);
  call.print(`/${createHmac('sha256', key).update(salt).update(path).digest('base64url')}${path}\n`);
  return 0;
};
