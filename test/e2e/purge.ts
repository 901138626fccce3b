/** Traffic beside deletions: nothing that was deleted may ever be answered again. */
import assert from 'node:assert/strict';
import { post } from '../support/keeping-pictor.ts';
import { drawing } from '../support/live-pictor.ts';
import type { ManagementAccess } from '../support/management.ts';
import type { PictorProcess } from '../support/pictor-process.ts';

/** A mount with uploads that is looked after while it is asked. */
export interface ErasureStage {
  readonly pictor: PictorProcess;
  readonly access: ManagementAccess;
  readonly mount: string;
  readonly bucket: string;
  /** Where a picture is posted to. */
  readonly uploads: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Targets of variants of an original. */
  variantsOf(key: string): readonly string[];
  /** Keys of all objects there are, wherever they lie. */
  objects(): Promise<readonly string[]>;
}

const rounds = 5;
const clients = 6;

/**
 * Uploads a picture again and again and deletes it while clients ask for its variants: a request that begins after the
 * answer to the deletion, and before the next upload, finds nothing.
 */
export async function eraseUnderTraffic(stage: ErasureStage): Promise<void> {
  const { pictor, access, mount, bucket, uploads, headers } = stage;
  const body = await drawing({ width: 400, height: 300, colour: 'teal' });
  const place = `mount=${encodeURIComponent(mount)}&bucket=${bucket}`;
  let targets: readonly string[] = [];
  let deletions = 0;
  let isDeleted = false;
  let asking = true;
  let found = 0;
  const client = async (first: number) => {
    for (let turn = first; asking; turn += 1) {
      const target = targets[turn % Math.max(1, targets.length)];
      const since = { isDeleted, deletions };
      if (target === undefined) {
        await new Promise((resolve) => setTimeout(resolve, 5));
        continue;
      }
      const { status } = await pictor.get(target);
      if (status === 200) found += 1;
      // Deleted before it was asked for, and not uploaded since.
      if (since.isDeleted && isDeleted && since.deletions === deletions) assert.equal(status, 404, target);
      else assert.ok([200, 404].includes(status), `${status} ${target}`);
    }
  };
  const traffic = Promise.all(Array.from({ length: clients }, (_, index) => client(index)));
  const work = async () => {
    for (let round = 0; round < rounds; round += 1) {
      isDeleted = false;
      const answer = await post(pictor.port, uploads, { body, headers });
      assert.ok(answer.status < 300, answer.text);
      const [original] = (await access.expect(`/v1/originals?${place}`)).originals;
      targets = stage.variantsOf(original!.key);
      const before = found;
      while (found < before + 2 * clients) await new Promise((resolve) => setTimeout(resolve, 10));
      const key = encodeURIComponent(original!.key);
      await access.expect(`/v1/original?${place}&key=${key}&waitSeconds=60`, { method: 'DELETE' });
      deletions += 1;
      isDeleted = true;
      await new Promise((resolve) => setTimeout(resolve, 200));
      assert.deepEqual(await stage.objects(), []);
    }
  };
  await Promise.all([work().finally(() => (asking = false)), traffic]);
}
