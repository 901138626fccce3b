import { signUrl } from '../../client/image-server/sign-url.ts';
import { readGoDuration } from '../../lib/go-duration.ts';
import type { Command } from '../command.ts';
import { misuse, readOwnFlags } from './own-flags.ts';

const usage = `Usage: pictor image-server sign-url --secret SECRET --path PATH [--method METHOD] [--base-url URL] [--ttl DURATION]
  --secret     one of the server's signing secrets; other users of the machine can see it: IMAGE_SERVER_SECRET works too
  --path       what may be asked for, everything below it included: /products
  --method     (default POST)
  --base-url   address of the server: https://images.example.com
  --ttl        how long the URL is good: 90s, 15m, 1h30m (default 15m)
`;

const flags = ['secret', 'path', 'method', 'base-url', 'ttl'] as const;

/** `pictor image-server sign-url --secret … --path …`: a URL that a server with `--require-signature` accepts. */
export const signUrlCommand: Command = async (call) => {
  const read = readOwnFlags(call.args, flags);
  if ('problem' in read) return misuse(call, read.problem, usage);
  const text = (name: (typeof flags)[number], otherwise = '') => read.values.get(name) ?? otherwise;
  const secret = text('secret', call.env['IMAGE_SERVER_SECRET']);
  const path = text('path');
  const ttl = text('ttl', '15m');
  const ttlSeconds = readGoDuration(ttl);
  if (secret === '') return misuse(call, '--secret is required', usage);
  if (path === '') return misuse(call, '--path is required', usage);
  if (!path.startsWith('/')) return misuse(call, '--path: expected a path that begins with /', usage);
  if (ttlSeconds === null) return misuse(call, `invalid TTL duration: ${JSON.stringify(ttl)}`, usage);
  const method = text('method', 'POST').toUpperCase();
  call.print(`${await signUrl({ secret, method, path, base: text('base-url'), ttlSeconds })}\n`);
  return 0;
};
