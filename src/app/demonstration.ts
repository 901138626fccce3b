import { randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import type { DialectName } from '../dialects/index.gen.ts';
import type { AskedRequest, Verify } from '../service/verify-request.ts';
import type { MountInput, MountSettings } from './mounts.ts';
import type { AppConfig } from './settings.ts';

/** Below the working folder: what the demonstration keeps, away from where anything that is configured would look. */
export const demonstrationFolder = 'data/demo';

/** What `pictor serve` mounts when nothing is: every dialect, those that keep pictures in folders of this machine. */
export const demonstrationMounts: readonly MountInput[] = [
  { prefix: '/imgproxy', dialect: 'imgproxy' },
  { prefix: '/imageproxy', dialect: 'imageproxy' },
  {
    prefix: '/image-server',
    dialect: 'image-server',
    settings: { storage: { root: `${demonstrationFolder}/image-server` } },
  },
  { prefix: '/vip', dialect: 'vip', settings: { folder: `${demonstrationFolder}/vip` } },
  {
    prefix: '/s3imageserver',
    dialect: 's3imageserver',
    settings: { folder: `${demonstrationFolder}/s3imageserver` },
  },
];

/** Below the prefix of each: a picture that is there from the first start on, until somebody deletes it. */
export const demonstrationPictures: Readonly<Record<DialectName, string>> = {
  imgproxy: 'unsafe/rs:fill:480:320/plain/https://samples.example/dawn.jpg@webp',
  imageproxy: '480x320/https://samples.example/harbour.jpg',
  'image-server': 'samples/1a0/8cb/4fd/bd4dd9910e8688402f7917d/w480.webp',
  vip: 'samples/marbles.jpg?s=480',
  s3imageserver: 'harbour.jpg?w=480&h=320',
};

/**
 * The demonstration takes uploads of whoever sits at this machine. Where the server listens beyond it, nobody can upload: a
 * token and a secret are asked for that nobody has. Null: the configuration is good as it is.
 */
export function withoutStrangersUploads(config: AppConfig): AppConfig | null {
  if (isOnLoopback(config.server.bind)) return null;
  return { ...config, mounts: config.mounts.map(closed) };
}

function closed(mount: MountSettings): MountSettings {
  const unknown = randomBytes(32).toString('hex');
  if (mount.dialect === 'vip') return { ...mount, settings: { ...mount.settings, token: unknown } };
  if (mount.dialect !== 'image-server') return mount;
  const signatures = { ...mount.settings.signatures, uploads: true, secrets: [unknown] };
  return { ...mount, settings: { ...mount.settings, signatures } };
}

/** @param bind `127.0.0.1:8080`; a socket is no loopback address: who knows what stands before it */
export function isOnLoopback(bind: string): boolean {
  const host = /^(.+):\d+$/.exec(bind)?.[1];
  return host !== undefined && isLoopbackHost(host);
}

function isLoopbackHost(host: string): boolean {
  const plain = host.replace(/^\[(.*)\]$/, '$1');
  return plain === 'localhost' || plain === '::1' || (isIP(plain) === 4 && plain.startsWith('127.'));
}

/**
 * A page of any site that is open in a browser of this machine can send forms to loopback (CSRF), and a name of its own that
 * leads here lets it read the answers (DNS rebinding). So uploads in the demonstration come from its own page, or from
 * programs that are no browsers.
 */
export const fromThisMachine: Verify = (_token, { method, headers }) =>
  method === 'GET' || method === 'HEAD' || method === 'OPTIONS' || isOwnOrigin(headers);

function isOwnOrigin({ host, origin }: AskedRequest['headers']): boolean {
  if (typeof host !== 'string' || !URL.canParse(`http://${host}`)) return false;
  if (!isLoopbackHost(new URL(`http://${host}`).hostname)) return false;
  return origin === undefined || (typeof origin === 'string' && origin.replace(/^https?:\/\//, '') === host);
}
