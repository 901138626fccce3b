import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import * as z from 'zod';
import { extension, formats, quality } from './formats.ts';
import type { Peer, PeerScenario, Picture } from './peers.ts';
import { freePort, startServer } from './processes.ts';
import { heightOf } from './sources.ts';

/** What templates of URLs may name. `docs/guide/benchmarks.md` tells what each is. */
const inUrls = [
  'width',
  'height',
  'format',
  'extension',
  'quality',
  'source',
  'path',
  'url',
  'urlEncoded',
  'urlBase64',
] as const;

/** What the command, its arguments and its variables may name. */
const inCommands = ['port', 'sources', 'origin', 'here', 'node'] as const;

/** A text with `{names}` in it, of which only some are known. */
const template = (known: readonly string[]) =>
  z.string().check((context) => {
    for (const [whole, name] of context.value.matchAll(/\{(\w+)\}/g)) {
      if (known.includes(name!)) continue;
      context.issues.push({
        code: 'custom',
        input: context.value,
        message: `unknown placeholder ${whole}: expected one of ${known.map((each) => `{${each}}`).join(' ')}`,
      });
    }
  });

const command = template(inCommands);
const url = template(inUrls).startsWith('/', 'expected a path that begins with /');

const peerFile = z.strictObject({
  name: z.string().min(1),
  command: command.min(1),
  args: z.array(command).default([]),
  env: z.record(z.string(), command).default({}),
  ready: z.string().startsWith('/', 'expected a path that begins with /').default('/'),
  startSeconds: z.number().positive().max(300).default(20),
  formats: z
    .array(z.enum(formats))
    .min(1)
    .default([...formats]),
  urls: z
    .strictObject({ cold: url, srcset: url, hits: url, mixed: url })
    .partial()
    .refine((urls) => Object.keys(urls).length > 0, 'expected the URL of one scenario at least'),
});

type PeerFile = z.infer<typeof peerFile>;

/** Where pictures of the suite are. */
export interface PictureGround {
  /** Folder of the files. */
  readonly dir: string;
  /** URL at which the same files are, without a slash at the end. */
  readonly origin: string;
}

/**
 * Reads a file that describes a server to measure.
 * @throws Error with what is wrong in it, one line for each problem
 */
export function readPeer(file: string, ground: PictureGround): Peer {
  const said = parse(file);
  const fill = (text: string, port: number) =>
    filled(text, {
      port: String(port),
      sources: ground.dir,
      origin: ground.origin,
      here: dirname(resolve(file)),
      node: process.execPath,
    });
  return {
    name: said.name,
    start() {
      const port = freePort();
      return startServer({
        command: fill(said.command, port),
        args: said.args.map((arg) => fill(arg, port)),
        env: Object.fromEntries(Object.entries(said.env).map(([name, value]) => [name, fill(value, port)])),
        port,
        path: said.ready,
        startSeconds: said.startSeconds,
      });
    },
    path: (scenario, picture) => urlOf(said, scenario, picture, ground),
  };
}

function parse(file: string): PeerFile {
  const problem = (text: string) => new Error(`${file}: ${text}`);
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw problem(error instanceof Error ? error.message : String(error));
  }
  const result = peerFile.safeParse(json);
  if (result.success) return result.data;
  const lines = result.error.issues.map(
    ({ path, message }) => `  ${path.join('.') || 'the file'}: ${message}`,
  );
  throw problem(`\n${lines.join('\n')}`);
}

const filled = (text: string, values: Readonly<Record<string, string>>): string =>
  text.replaceAll(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);

function urlOf(
  said: PeerFile,
  scenario: PeerScenario,
  picture: Picture,
  ground: PictureGround,
): string | null {
  const text = said.urls[scenario];
  const { source, width, format } = picture;
  if (text === undefined || !said.formats.includes(format)) return null;
  const url = `${ground.origin}/${source}`;
  return filled(text, {
    width: String(width),
    height: String(heightOf(source, width)),
    format,
    extension: extension[format],
    quality: String(quality[format]),
    source,
    path: resolve(ground.dir, source),
    url,
    urlEncoded: encodeURIComponent(url),
    urlBase64: Buffer.from(url).toString('base64url'),
  });
}
