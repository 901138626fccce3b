/** A storm of uploads against `pictor image-server server`, from an empty folder to the last look at what became of it. */
import { createHmac } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { filesBelow } from './keeping-pictor.ts';
import { metric } from './live-pictor.ts';
import type { PictorProcess } from './pictor-process.ts';
import { adminOf, freshBucket, type RunningS3 } from './s3-service.ts';
import { expectedOf, type StormPicture, stormPictures } from './storm-pictures.ts';
import { auditFolder, auditPlace, objectsIn, readObject, type StoredObjects } from './upload-audit.ts';
import { type StormPlan, type StormReport, storm } from './upload-storm.ts';
import { startReceiver, type WebhookReceiver } from './webhook-receiver.ts';

export interface TrialOptions extends Pick<StormPlan, 'outage' | 'program'> {
  /** Empty; removed by the caller. */
  readonly folder: string;
  readonly images: number;
  readonly kills: number;
  /** The service behind the folder; null: none. */
  readonly service: RunningS3 | null;
}

export interface Trial
  extends Pick<StormReport, 'uploads' | 'refused' | 'broken' | 'duringOutage' | 'seconds'> {
  readonly acknowledged: number;
  /** From the last acknowledgement until nothing was owed or had to be told any more. */
  readonly drainSeconds: number;
  /** Webhooks that came twice: of those that a kill caught between answer and note. */
  readonly toldTwice: number;
  /** Everything that is not as it should be, one line each. */
  readonly problems: readonly string[];
}

const concurrency = 50;
const webhookSecret = 'between us';

/** Nothing is thrown for what is found: it is in `problems`. @throws Error when the server does not start, or never comes to rest */
export async function uploadTrial(options: TrialOptions): Promise<Trial> {
  const { folder, images, service, outage, program, kills } = options;
  const [root, temporary] = [path.join(folder, 'public'), path.join(folder, 'tmp')];
  await mkdir(temporary);
  const receiver = await startReceiver();
  receiver.script(...Array.from({ length: 40 }, () => 503));
  const bucket = service === null ? null : await openBucket(service);
  let server: PictorProcess | null = null;
  try {
    const report = await storm({
      pictures: await stormPictures(images),
      concurrency,
      kills,
      root,
      args: [
        `--webhook-url=${receiver.url}`,
        `--webhook-secret=${webhookSecret}`,
        '--webhook-events=uploaded',
        ...(bucket?.args ?? []),
      ],
      env: { ...bucket?.env, TMPDIR: temporary },
      remote: bucket?.objects ?? null,
      ...(outage === undefined ? {} : { outage }),
      ...(program === undefined ? {} : { program }),
    });
    const { acknowledged, pictor, problems, ...figures } = report;
    server = pictor;
    const began = performance.now();
    await rested(pictor, images);
    const drainSeconds = (performance.now() - began) / 1000;
    const found = [
      ...problems,
      ...(await auditReplies(pictor, acknowledged)),
      ...(await auditEnd(pictor)),
      ...(await auditPlace(acknowledged, folderPlace(root, await filesBelow(root)))),
      ...(await auditFolder({ root, acknowledged, remote: (await bucket?.objects()) ?? null })),
      ...(bucket === null ? [] : await auditPlace(acknowledged, await bucket.place())),
      ...(await auditLeftovers(root, temporary)),
      ...auditWebhooks(receiver, acknowledged),
    ];
    const ids = receiver.received
      .filter((_, index) => index >= 40)
      .map(({ headers }) => headers['x-webhook-id']);
    const toldTwice = ids.length - new Set(ids).size;
    return { ...figures, acknowledged: acknowledged.length, drainSeconds, toldTwice, problems: found };
  } finally {
    await server?.kill();
    bucket?.close();
    await receiver.close();
  }
}

/** A bucket of its own, and the flags that put it behind the folder. */
async function openBucket(service: RunningS3) {
  const admin = adminOf(service);
  const name = await freshBucket(admin);
  const objects = (): Promise<StoredObjects> => objectsIn(admin, name);
  return {
    args: [
      '--uploader=s3',
      `--aws_bucket=${name}`,
      '--aws_region=us-east-1',
      `--aws_access_key_id=${service.accessKeyId}`,
      `--aws_secret_key=${service.secretAccessKey}`,
    ],
    env: { AWS_ENDPOINT_URL_S3: service.endpoint },
    objects,
    place: async () => ({
      keys: (await objects()).keys(),
      read: (key: string) => readObject(admin, name, key),
    }),
    close: () => admin.destroy(),
  };
}

const folderPlace = (root: string, files: readonly string[]) => ({
  keys: files.filter((file) => !file.startsWith('.pictor/')),
  read: (key: string) => readFile(path.join(root, key)),
});

/** Waits until nothing is owed to the bucket, and everybody was told. */
async function rested(pictor: PictorProcess, images: number): Promise<void> {
  const deadline = performance.now() + 60_000 + images * 100;
  for (;;) {
    const left =
      (await metric(pictor, 'pictor_owed_objects')) + (await metric(pictor, 'pictor_webhooks_waiting'));
    if (left === 0) return;
    if (performance.now() > deadline)
      throw new Error(`${left} are still owed:\n${pictor.output().slice(-2000)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** What clients get of what was acknowledged. */
async function auditReplies(pictor: PictorProcess, acknowledged: readonly StormPicture[]): Promise<string[]> {
  const problems: string[] = [];
  const left = [...acknowledged];
  const look = async () => {
    for (let picture = left.shift(); picture !== undefined; picture = left.shift())
      for (const [key, bytes] of expectedOf(picture)) {
        const { status, body } = await pictor.get(`/${key}`);
        if (status !== 200) problems.push(`GET ${key}: ${status}`);
        else if (bytes !== null && !bytes.equals(body)) problems.push(`GET ${key}: other bytes`);
      }
  };
  await Promise.all(Array.from({ length: 16 }, look));
  return problems;
}

async function auditEnd(pictor: PictorProcess): Promise<string[]> {
  const code = await pictor.stop();
  return code === 0 ? [] : [`ended with ${code}: ${pictor.output().slice(-2000)}`];
}

/** The outbox of webhooks is a database that stays. */
async function auditLeftovers(root: string, temporary: string): Promise<string[]> {
  const own = (await filesBelow(path.join(root, '.pictor'))).filter((file) => !file.startsWith('webhooks/'));
  return [...own.map((file) => `.pictor/${file}`), ...(await filesBelow(temporary))].map(
    (file) => `${file} is left over`,
  );
}

function auditWebhooks({ received }: WebhookReceiver, acknowledged: readonly StormPicture[]): string[] {
  const problems: string[] = [];
  const told = new Set<string>();
  for (const { headers, body } of received) {
    const signed = `${headers['x-webhook-timestamp'] as string}.${body}`;
    const digest = createHmac('sha256', webhookSecret).update(signed).digest('hex');
    if (headers['x-webhook-signature'] !== `sha256=${digest}`) problems.push(`wrong signature of ${body}`);
    told.add((JSON.parse(body) as { data: { hash: string } }).data.hash);
  }
  for (const { folder } of acknowledged)
    if (!told.has(folder.split('/').slice(1).join(''))) problems.push(`${folder} was told to nobody`);
  return problems;
}
