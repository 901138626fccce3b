import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { startPictor } from '../pictor.ts';
import { freePort, get } from '../processes.ts';
import type { Bench, Row } from './jobs.ts';

/** 500 identical requests at once for a picture nobody has asked for: fetches and transforms counted. */
export async function coalescing(bench: Bench): Promise<Row[]> {
  const body = readFileSync(join(bench.sources.dir, bench.sources.small));
  let fetches = 0;
  const origin = createServer((_request, response) => {
    fetches += 1;
    response.writeHead(200, { 'Content-Type': 'image/jpeg', 'Content-Length': body.length });
    response.end(body);
  });
  await new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', resolve));
  const { port } = origin.address() as { port: number };
  const admin = freePort();
  const server = await startPictor(bench, {
    IMGPROXY_ALLOW_LOOPBACK_SOURCE_ADDRESSES: 'true',
    PICTOR_ADMIN_BIND: `127.0.0.1:${admin}`,
  });
  try {
    const path = `/unsafe/rs:fit:300:0/plain/http://127.0.0.1:${port}/a.jpg@jpg`;
    const replies = await Promise.all(Array.from({ length: 500 }, () => get(server.port, path)));
    const same = replies.every((reply) => reply.status === 200 && reply.body.equals(replies[0]!.body));
    const metrics = (await get(admin, '/metrics')).body.toString();
    const transforms = [...metrics.matchAll(/^pictor_transforms_total\S* (\d+)/gm)].reduce(
      (sum, match) => sum + Number(match[1]),
      0,
    );
    bench.say('coalescing done');
    const scenario = '500 identical misses at once';
    return [
      { scenario, measure: 'fetches', value: fetches, unit: '', bar: { atMost: 1, atLeast: 1 } },
      { scenario, measure: 'transforms', value: transforms, unit: '', bar: { atMost: 1, atLeast: 1 } },
      {
        scenario,
        measure: 'right and equal answers',
        value: same ? replies.length : 0,
        unit: '',
        bar: { atLeast: 500 },
      },
    ];
  } finally {
    await server.stop();
    origin.close();
  }
}
