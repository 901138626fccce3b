/**
 * A process to be killed: writes blobs for ever and says which are acknowledged, one JSON line each.
 * `node store-writer.ts DIR MAXBYTES SEED`. Every byte of a body is `meta.fill`, its length is `meta.size`.
 */
import { createFsStore } from '../../src/stores/fs.ts';
import { inChunks } from '../contract/store.ts';

const [dir = '', maxBytes = '0', seed = '0'] = process.argv.slice(2);
const store = await createFsStore({ dir, maxBytes: Number(maxBytes), emit: () => {} });
const sizes = [100, 5_000, 60_000, 270_000, 900_000];

async function writeForEver(lane: number): Promise<void> {
  for (let round = 0; ; round += 1) {
    const key = `${seed}-${lane}-${round % 10}`;
    const fill = (round * 7 + lane) % 256;
    const size = sizes[(round + lane) % sizes.length]! + round;
    const body = Buffer.alloc(size, fill);
    const meta = { fill, size, lane, round };
    await store.put(key, round % 3 === 0 ? inChunks(body, 50_000) : body, meta);
    process.stdout.write(`${JSON.stringify({ key, ...meta })}\n`);
    if (round % 4 === 3) await store.setMeta(key, { ...meta, renewed: true });
    if (round % 11 === 10) await store.delete(`${seed}-${lane}-gone`);
  }
}

await Promise.all([0, 1, 2, 3].map(writeForEver));
