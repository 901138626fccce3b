import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, type Measured, startServer } from '../processes.ts';

export const hasVarnish = spawnSync('varnishd', ['-V']).error === undefined;

/** varnish with its cache in memory, in front of `origin`. */
export async function startVarnish(dir: string, origin: number): Promise<Measured> {
  const port = freePort();
  const vcl = join(dir, 'bench.vcl');
  writeFileSync(vcl, `vcl 4.1;\nbackend default { .host = "127.0.0.1"; .port = "${origin}"; }\n`);
  const args = ['-F', '-j', 'none', '-n', join(dir, 'varnish'), '-f', vcl, '-s', 'malloc,64m'];
  return startServer({ command: 'varnishd', args: [...args, '-a', `127.0.0.1:${port}`], port });
}
