/** What the READMEs of the older servers show, replayed: their commands as processes, their URLs on sockets. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { CreateBucketCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import sharp from 'sharp';
import { post } from '../support/keeping-pictor.ts';
import { allowing, until } from '../support/live-pictor.ts';
import { type Origin, startOrigin } from '../support/origin.ts';
import { freePort, type PictorProcess, startPictor } from '../support/pictor-process.ts';
import { adminOf, putObject, type RunningS3 } from '../support/s3-service.ts';
import { startS3rver } from '../support/s3rver.ts';
import { selfSigned } from '../support/self-signed.ts';

type Texts = Readonly<Record<string, string>>;

interface ReadmeRequest {
  /** Which of the pictures that the READMEs show. Absent: a promise of their text. */
  readonly example?: number;
  readonly name: string;
  readonly method?: 'POST';
  readonly target: string;
  readonly headers?: Texts;
  readonly body?: 'photo' | 'image' | 'two megabytes';
  /** Gives `{signature}`. */
  readonly sign?: {
    readonly as: 'imgproxy' | 'imageproxy' | 'image-server';
    readonly key: string;
    readonly salt?: string;
    readonly text: string;
  };
  /** 200 when absent. */
  readonly status?: number;
  /** `jpeg 500x333`, `gif 200x200 of 3`. */
  readonly picture?: string;
  readonly type?: string;
  /** Pattern of the body. */
  readonly text?: string;
  /** What is in a folder then: at least so many files, these, or these among others. */
  readonly files?: {
    readonly below: string;
    readonly atLeast?: number;
    readonly names?: readonly string[];
    readonly includes?: readonly string[];
  };
  /** What is in a bucket then. */
  readonly objects?: { readonly bucket: string; readonly keys: readonly string[] };
}

interface ReadmeCommand {
  readonly readme: string;
  readonly shows: string;
  readonly args: readonly string[];
  readonly env?: Texts;
  /** Variable that says where it listens; that of pictor when absent. */
  readonly bind?: string;
  /** True: its own words say where it listens. */
  readonly listens?: true;
  readonly requests: readonly ReadmeRequest[];
}

const file = path.join(import.meta.dirname, '../golden/readme-examples.json');
const { readmes, commands } = JSON.parse(readFileSync(file, 'utf8')) as {
  readonly readmes: Texts;
  readonly commands: readonly ReadmeCommand[];
};

/** The file that the README of s3imageserver shows: its comments, and the comma behind its last value. */
const configFile = ({ port, tlsPort, folder, key, secret }: Record<string, string>) => `{
  "handlers": [
    {
      "name": "handlerName",
      "prefix": "h",
      "aws": {
        "bucket_name": "large",
        "file_path": "imagesLarge", // folder in the bucket
        "aws_access": "${key}",
        "aws_secret": "${secret}"
      },
      "error_image": "${folder}/error_image.jpg", // in case of an error
      "output_format": "jpg",
      "cache_enabled": true,
      "cache_path": "${folder}/cache",
      "cache_time": 604800
    },
    {
      "name": "secondHandlerName",
      "prefix": "h2",
      "aws": { "bucket_name": "second", "file_path": "", "aws_access": "${key}", "aws_secret": "${secret}" },
      "error_image": "${folder}/error_image.jpg",
      "output_format": "jpg",
      "cache_enabled": true,
      "cache_path": "${folder}/cache",
    }
  ],
  "http_port": ${port},
  "https_enabled": true,
  "https_strict": false,
  "https_port": ${tlsPort},
  "https_cert": "${folder}/bundle.crt",
  "https_key": "${folder}/cert.key"
}`;

const drawn = (width: number, height: number) =>
  sharp({ create: { width, height, channels: 3, background: 'teal' } })
    .jpeg()
    .toBuffer();

async function animation(): Promise<Buffer> {
  const [width, height, frames] = [300, 200, 3];
  const pixels = Buffer.alloc(width * height * 3 * frames, 90);
  for (let frame = 0; frame < frames; frame += 1)
    pixels.fill(frame * 80, frame * width * height * 3, (frame * height + 50) * width * 3);
  const raw = { width, height: height * frames, channels: 3, pageHeight: height } as const;
  return sharp(pixels, { raw })
    .gif({ delay: [100, 100, 100], loop: 0 })
    .toBuffer();
}

const base64url = (text: string) => Buffer.from(text).toString('base64url');

describe('the READMEs of the older servers', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'pictor-readmes-'));
  const bodies = new Map<string, Buffer>([['two megabytes', Buffer.alloc(2_097_152, 'x')]]);
  let origin: Origin;
  let service: RunningS3;
  let admin: S3Client;

  before(async () => {
    origin = await startOrigin();
    service = await startS3rver();
    admin = adminOf(service);
    const [photo, image] = [await drawn(1200, 800), await drawn(800, 600)];
    bodies.set('photo', photo).set('image', image);
    const headers = { 'content-type': 'image/jpeg' };
    origin.route('/small-things.jpg', { headers, body: await drawn(1024, 678) });
    origin.route('/images/codercat.jpg', { headers, body: photo });
    origin.route('/image.jpg', { headers, body: image });
    origin.route('/material.gif', { headers: { 'content-type': 'image/gif' }, body: await animation() });
    for (const Bucket of ['mybucket', 'large', 'second', 'images'])
      await admin.send(new CreateBucketCommand({ Bucket }));
    const object = { Body: photo, ContentType: 'image/jpeg' };
    await putObject(admin, { bucket: 'mybucket', key: '1234abcd' }, object);
    await putObject(admin, { bucket: 'large', key: 'imagesLarge/my_image_name.jpg' }, object);
    await putObject(admin, { bucket: 'second', key: 'other.jpg' }, object);
    await mkdir(path.join(folder, 'path/to'), { recursive: true });
    for (const [name, content] of [
      ['key', '6b6579\n'],
      ['salt', '73616c74\n'],
      ['secrets.txt', 'new-secret-abc123\nold-secret-xyz789\n'],
      ['path/to/image.jpg', image],
      ['error_image.jpg', await drawn(100, 100)],
    ] as const)
      await writeFile(path.join(folder, name), content);
    const { cert, key } = selfSigned();
    await writeFile(path.join(folder, 'bundle.crt'), cert);
    await writeFile(path.join(folder, 'cert.key'), key);
  });
  after(async () => {
    admin?.destroy();
    await service?.close();
    await origin?.close();
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  });

  test('show 24 requests for pictures, every one of which is replayed', () => {
    const shown = commands.flatMap(({ requests }) => requests.flatMap(({ example }) => example ?? []));
    assert.deepEqual(
      shown,
      Array.from({ length: 24 }, (_, index) => index + 1),
    );
    assert.deepEqual(
      [...new Set(commands.map(({ readme }) => readme))].toSorted(),
      Object.keys(readmes).toSorted(),
    );
  });

  for (const command of commands) {
    describe(`${command.readme}: ${command.shows}`, () => {
      let pictor: PictorProcess;
      let known: Record<string, string>;
      const fill = (text: string) =>
        text.replaceAll(/\{([a-zA-Z3][a-zA-Z3 ]*)\}/g, (whole, name: string) => known[name] ?? whole);

      before(async () => {
        const ports = { port: String(await freePort()), tlsPort: String(await freePort()) };
        known = {
          ...ports,
          folder,
          origin: origin.url,
          s3: service.endpoint,
          key: service.accessKeyId,
          secret: service.secretAccessKey,
          expires: String(Math.floor(Date.now() / 1000) + 600),
          'encoded origin': base64url(`${origin.url}/images/codercat.jpg`),
          'encoded local': base64url('local:///path/to/image.jpg'),
          'encoded relative': base64url('/images/codercat.jpg'),
        };
        await writeFile(path.join(folder, 'config.json'), configFile(known));
        const env = Object.entries(command.env ?? {}).map(([name, text]) => [name, fill(text)]);
        pictor = await startPictor({
          args: command.args.map(fill),
          env: {
            AWS_EC2_METADATA_DISABLED: 'true',
            AWS_ENDPOINT_URL_S3: service.endpoint,
            ...allowing(origin),
            ...Object.fromEntries(env),
          },
          bind: command.listens ? 'NOT_READ' : (command.bind ?? 'PICTOR_SERVER_BIND'),
          port: Number(ports.port),
        });
      });
      after(() => pictor?.stop());

      for (const each of command.requests) {
        const number = each.example === undefined ? '' : `${each.example}. `;
        test(`${number}${each.name}`, () => replay(each));
      }

      async function replay(asked: ReadmeRequest): Promise<void> {
        if (asked.sign !== undefined) known['signature'] = signed(asked.sign);
        const target = fill(asked.target);
        const reply = await send(asked, target);
        const said = reply.body.toString('latin1', 0, 300);
        assert.equal(reply.status, asked.status ?? 200, `${target}: ${said}`);
        if (asked.method === 'POST' && /^\s*\{/.test(said) && reply.status < 300)
          remember(reply.body.toString());
        if (asked.picture !== undefined) assert.equal(await describePicture(reply.body), asked.picture);
        if (asked.type !== undefined) assert.equal(reply.headers['content-type'], asked.type);
        if (asked.text !== undefined) assert.match(reply.body.toString(), new RegExp(asked.text));
        if (asked.files !== undefined) await checkFiles(asked.files);
        if (asked.objects !== undefined) await checkObjects(asked.objects);
      }

      async function send({ method, headers = {}, body }: ReadmeRequest, target: string) {
        if (method === undefined) return pictor.get(target, headers);
        const bytes = body === undefined ? Buffer.alloc(0) : bodies.get(body)!;
        const reply = await post(pictor.port, target, { body: bytes, headers });
        return { ...reply, body: Buffer.from(reply.text), headers: reply.headers as Texts };
      }

      function signed({ as, key, salt = '', text }: NonNullable<ReadmeRequest['sign']>): string {
        const isHex = as === 'imgproxy';
        return createHmac('sha256', Buffer.from(key, isHex ? 'hex' : 'utf8'))
          .update(Buffer.from(salt, 'hex'))
          .update(fill(text))
          .digest('base64url');
      }

      /** Where to find what was uploaded. */
      function remember(text: string): void {
        const { url, hash } = JSON.parse(text) as { url?: string; hash?: string };
        if (url !== undefined) {
          known['uploaded'] = new URL(url).pathname;
          known['uploadedKey'] = path.posix.basename(url);
        }
        if (hash === undefined) return;
        known['place'] = [hash.slice(0, 3), hash.slice(3, 6), hash.slice(6, 9), hash.slice(9)].join('/');
      }

      async function checkFiles({
        below,
        atLeast,
        names,
        includes = [],
      }: NonNullable<ReadmeRequest['files']>) {
        const place = fill(below);
        const list = async () => {
          const entries = await readdir(place, { recursive: true, withFileTypes: true }).catch(() => []);
          return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
        };
        if (atLeast !== undefined)
          await until(`${atLeast} files are in ${place}`, async () => (await list()).length >= atLeast);
        if (names !== undefined) assert.deepEqual((await list()).toSorted(), names);
        const found = await list();
        assert.deepEqual(
          includes.filter((name) => !found.includes(name)),
          [],
        );
      }

      async function checkObjects({ bucket, keys }: NonNullable<ReadmeRequest['objects']>) {
        await until(`${keys.map(fill).join(', ')} are in ${bucket}`, async () => {
          const { Contents = [] } = await admin.send(new ListObjectsV2Command({ Bucket: bucket }));
          const found = new Set(Contents.map(({ Key }) => Key));
          return keys.every((key) => found.has(fill(key)));
        });
      }
    });
  }
});

async function describePicture(bytes: Buffer): Promise<string> {
  const { format, width, height, pages, pageHeight } = await sharp(bytes, { animated: true }).metadata();
  const frames = pages === undefined || pages === 1 ? '' : ` of ${pages}`;
  return `${format} ${width}x${pageHeight ?? height}${frames}`;
}
