import { hash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { withoutUrlSecrets } from '../config/mask.ts';
import { type PlaceProblem, unplaced } from '../config/places.ts';
import { ConfigError } from '../config/problems.ts';
import { PictorError } from '../core/errors.ts';
import { type AssetSpec, assetScheme } from '../request/dialect.ts';
import { dialectOf } from './dialects.ts';
import { errorImageAsset } from './error-image.ts';
import type { MountSettings } from './mounts.ts';
import type { AppConfig } from './settings.ts';

/** What a mount gets of its assets. */
export interface MountAssets {
  /** URIs by name. */
  readonly uris: Readonly<Record<string, string>>;
  /** URI of the picture for errors that the mount names beside its settings; undefined: none. */
  readonly errorImage: string | undefined;
  /** Cache-Control of those that came from a URL with one, by URI. */
  readonly cacheControl: ReadonlyMap<string, string>;
}

/** The operator's own pictures, read. */
export interface Assets {
  /** By URI. */
  readonly bytes: ReadonlyMap<string, Uint8Array>;
  /** In the order of the mounts. */
  readonly ofMounts: readonly MountAssets[];
}

interface Loaded {
  readonly bytes: Uint8Array;
  readonly cacheControl?: string;
}

interface Reading {
  readonly config: AppConfig;
  readonly version: string;
}

/**
 * Reads every picture that the mounts need: out of the configuration, from files, from the web. What cannot be read ends
 * the start: a server without its watermark would give the pictures away without it.
 * @throws ConfigError naming the settings
 */
export async function readAssets(reading: Reading): Promise<Assets> {
  const bytes = new Map<string, Uint8Array>();
  const problems: PlaceProblem[] = [];

  /** @returns its URI; undefined when it cannot be read */
  async function read(spec: AssetSpec, where: string, cacheControl: Map<string, string>) {
    try {
      const loaded = await load(spec, reading);
      const uri = `${assetScheme}:${hash('sha256', loaded.bytes)}`;
      bytes.set(uri, loaded.bytes);
      if (loaded.cacheControl !== undefined) cacheControl.set(uri, loaded.cacheControl);
      return uri;
    } catch (thrown) {
      problems.push(problemOf(thrown, spec, `${where}.${spec.setting}`));
      return undefined;
    }
  }

  const ofMounts = await Promise.all(
    reading.config.mounts.map(async (mount, index): Promise<MountAssets> => {
      const uris: Record<string, string> = {};
      const cacheControl = new Map<string, string>();
      for (const spec of assetsOf(mount)) {
        const uri = await read(spec, `mounts[${index}].settings`, cacheControl);
        if (uri !== undefined) uris[spec.name] = uri;
      }
      const error = errorAssetOf(mount);
      const errorImage = error === null ? undefined : await read(error, `mounts[${index}]`, cacheControl);
      return { uris, errorImage, cacheControl };
    }),
  );
  if (problems.length > 0) throw new ConfigError(problems.map(unplaced));
  return { bytes, ofMounts };
}

/**
 * Pictures that could not be read, but for those of the web: nobody waits for it to be told of other mistakes. Bounds of
 * their size are left to the start.
 */
export async function assetProblems({ mounts }: Pick<AppConfig, 'mounts'>): Promise<readonly PlaceProblem[]> {
  const wanted = mounts.flatMap((mount, index) => [
    ...assetsOf(mount).map((spec) => ({ spec, where: `mounts[${index}].settings` })),
    ...[errorAssetOf(mount)].flatMap((spec) => (spec === null ? [] : [{ spec, where: `mounts[${index}]` }])),
  ]);
  const looked = wanted.map(async ({ spec, where }): Promise<PlaceProblem[]> => {
    try {
      if (!('url' in spec.from)) await checked(await loadNear(spec.from, sane), sane);
      return [];
    } catch (thrown) {
      return [problemOf(thrown, spec, `${where}.${spec.setting}`)];
    }
  });
  return (await Promise.all(looked)).flat();
}

const errorAssetOf = ({ errorImage }: MountSettings): AssetSpec | null =>
  errorImage === undefined ? null : errorImageAsset(errorImage);

function assetsOf({ dialect: name, settings }: MountSettings): readonly AssetSpec[] {
  return dialectOf(name).assets?.(settings) ?? [];
}

/** Nobody means a watermark of more bytes. */
const sane = 1024 ** 3;

async function load({ from }: AssetSpec, reading: Reading): Promise<Loaded> {
  const maxBytes = reading.config.limits.maxSourceBytes || Number.MAX_SAFE_INTEGER;
  const loaded = 'url' in from ? fromWeb(from.url, maxBytes, reading) : loadNear(from, maxBytes);
  return checked(await loaded, maxBytes);
}

type Near = Exclude<AssetSpec['from'], { readonly url: string }>;

/** What needs no network. */
const loadNear = async (from: Near, maxBytes: number): Promise<Loaded> =>
  'base64' in from ? fromBase64(from.base64) : fromFile(from.path, maxBytes);

async function checked(loaded: Loaded, maxBytes: number): Promise<Loaded> {
  if (loaded.bytes.length > maxBytes) throw fault(`more than ${maxBytes} bytes`);
  if (!(await isPicture(loaded.bytes))) throw fault('this is not an image of a type pictor reads');
  return loaded;
}

/** What is wrong with an asset, in words for the operator. */
const fault = (detail: string): PictorError => new PictorError('SOURCE_INVALID', { detail });

function fromBase64(text: string): Loaded {
  const plain = text.replace(/\s+/g, '');
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(plain)) throw fault('expected base64');
  return { bytes: Buffer.from(plain, 'base64') };
}

async function fromFile(path: string, maxBytes: number): Promise<Loaded> {
  const stats = await stat(path);
  if (!stats.isFile()) throw fault('this is not a file');
  if (stats.size > maxBytes) throw fault(`more than ${maxBytes} bytes`);
  return { bytes: await readFile(path) };
}

/** Whoever configures a URL trusts its host, wherever that is; where it redirects to has to be allowed like any source. */
async function fromWeb(url: string, maxBytes: number, { config, version }: Reading): Promise<Loaded> {
  const { createHttpSource } = await import('../sources/http-source.ts');
  const { http } = config.sources;
  const { host } = new URL(url);
  const settings = { ...http, allowUserInfo: true, allowedHosts: [...http.allowedHosts, host] };
  const source = createHttpSource(settings, { version });
  try {
    const answer = await source.open(url, { signal: new AbortController().signal, maxBytes });
    if (answer.status === 'not-modified' || 'path' in answer.body) throw fault('nothing came');
    const chunks: Uint8Array[] = [];
    for await (const chunk of answer.body.stream) chunks.push(chunk);
    const cacheControl = answer.response?.headers['cache-control'];
    return { bytes: Buffer.concat(chunks), ...(cacheControl === undefined ? {} : { cacheControl }) };
  } finally {
    await source.close?.();
  }
}

/** A look at the first bytes: enough to tell a picture from an error page. */
async function isPicture(bytes: Uint8Array): Promise<boolean> {
  const { fileTypeFromBuffer } = await import('file-type');
  const head = bytes.subarray(0, 4096);
  const type = await fileTypeFromBuffer(bytes);
  if (type?.mime.startsWith('image/') === true) return true;
  return /<svg[\s>]/i.test(Buffer.from(head).toString('latin1'));
}

function problemOf(thrown: unknown, { from }: AssetSpec, path: string): PlaceProblem {
  const value = 'path' in from ? from.path : 'url' in from ? from.url : undefined;
  return {
    path,
    value,
    message: `the image cannot be used: ${withoutUrlSecrets(reasonOf(thrown))}`,
  };
}

function reasonOf(thrown: unknown): string {
  if (thrown instanceof PictorError) return thrown.detail ?? thrown.message;
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
  return code === 'ENOENT'
    ? 'there is no such file'
    : thrown instanceof Error
      ? thrown.message
      : String(thrown);
}
