import { randomBytes } from 'node:crypto';
import type { Command } from '../command.ts';
import { misuse, readOwnFlags } from './own-flags.ts';

const usage = `Usage: pictor image-server generate-secret [--length BYTES] [--count N]
  --length   random bytes of each secret (default 32)
  --count    how many (default 1)
`;

/** Shorter ones can be guessed, longer ones are of no use: HMAC-SHA256 works on blocks of 64 bytes. */
const [leastBytes, mostBytes] = [16, 1024];
const mostSecrets = 10_000;

/** A whole number within bounds; null for anything else. */
function readCount(text: string, least: number, most: number): number | null {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  return value >= least && value <= most ? value : null;
}

/** `pictor image-server generate-secret [--length BYTES] [--count N]`: random secrets in URL-safe base64, one per line. */
export const generateSecret: Command = async (call) => {
  const read = readOwnFlags(call.args, ['length', 'count']);
  if ('problem' in read) return misuse(call, read.problem, usage);
  const length = readCount(read.values.get('length') ?? '32', leastBytes, mostBytes);
  if (length === null) {
    return misuse(call, `--length: expected a whole number from ${leastBytes} to ${mostBytes}`, usage);
  }
  const count = readCount(read.values.get('count') ?? '1', 1, mostSecrets);
  if (count === null) return misuse(call, `--count: expected a whole number from 1 to ${mostSecrets}`, usage);
  const secrets = Array.from({ length: count }, () => randomBytes(length).toString('base64url'));
  call.print(`${secrets.join('\n')}\n`);
  return 0;
};
