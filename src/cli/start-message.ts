import { demonstrationPictures } from '../app/demonstration.ts';
import { dialectOf } from '../app/dialects.ts';
import { isWholeDisk } from '../app/file-root.ts';
import { openMount } from '../app/mounts.ts';
import type { Addresses } from '../app/server.ts';
import type { AppConfig } from '../app/settings.ts';
import type { MountPlace } from '../http/mounts.ts';
import type { MountPolicy } from '../request/dialect.ts';

/** What a person wants to know of a server that has just started. */
interface StartFacts {
  readonly version: string;
  readonly config: AppConfig;
  readonly addresses: Addresses;
  /** True when the landing page is there. */
  readonly demonstration: boolean;
  readonly warnings: readonly string[];
}

/** `127.0.0.1:8080` as something to click on; a socket as it is. */
function toUrl(address: string, secure: boolean): string {
  if (address.startsWith('unix:')) return address;
  const clickable = address.replace(/^(0\.0\.0\.0|\[::\])/, 'localhost');
  return `${secure ? 'https' : 'http'}://${clickable}`;
}

/** Keys below this many bytes can be guessed by trying, if people made them up: HMAC asks for as much (RFC 2104 section 3). */
const shortestKey = 16;

function shortKeyWarnings({ mounts }: AppConfig): string[] {
  const short = mounts
    .map((mount) => openMount(mount))
    .filter(({ policy }) => policy.signature?.pairs.some(({ key }) => key.length < shortestKey));
  if (short.length === 0) return [];
  return [
    `the key that signs URLs at ${placesOf(short)} has less than ${shortestKey} bytes and might be guessed. Use 32 random ones: openssl rand -hex 32`,
  ];
}

/** Whether anything is asked of those who come. */
const isGuarded = ({ signature, secret, token, signedUrls, verify }: MountPolicy): boolean =>
  signature !== null || [secret, token, signedUrls, verify].some((demand) => demand !== undefined);

/** What is open to everybody: worth a word before a server faces the net. */
export function exposureWarnings(config: AppConfig): string[] {
  const { mounts, sources } = config;
  const disk = isWholeDisk(sources.file.root)
    ? ['sources.file.root is /: every image this user can read is public. Name the folder that is meant.']
    : [];
  // Those with a storage only give what is kept here.
  const unsigned = mounts
    .filter(({ dialect }) => dialectOf(dialect).storage === undefined)
    .map((mount) => openMount(mount))
    .filter(({ policy }) => !isGuarded(policy) && !policy.hosts?.allow.length);
  const taking = mounts
    .filter(({ dialect }) => dialectOf(dialect).storage?.takesUploads === true)
    .map((mount) => openMount(mount))
    .filter(({ policy }) => !isGuarded(policy));
  return [
    ...(unsigned.length === 0
      ? []
      : [
          `URLs at ${placesOf(unsigned)} need no signature: whoever can reach this server can use it. Set keys before it faces the net.`,
        ]),
    ...(taking.length === 0
      ? []
      : [
          `uploads to ${placesOf(taking)} need neither token nor signature: whoever can reach this server can fill its disk. Ask for one before it faces the net.`,
        ]),
    ...shortKeyWarnings(config),
    ...disk,
  ];
}

/** `/img`, or `img.example.com/img` where a mount answers for some hosts alone. */
const placesOf = (mounts: readonly MountPlace[]): string =>
  mounts.map(({ prefix, hosts }) => `${hosts.join(',')}${prefix === '' ? '/' : prefix}`).join(', ');

/** Where a mount answers, to click on where that is possible. */
function urlOf({ prefix, hosts }: MountPlace, base: string): string {
  const path = `${prefix.replace(/\/+$/, '')}/`;
  return hosts.length === 0 ? `${base}${path}` : hosts.map((host) => `${host}${path}`).join(' ');
}

/** One block for a terminal. */
export function startMessage({ version, config, addresses, demonstration, warnings }: StartFacts): string {
  const base = toUrl(addresses.server, config.server.tls.certFile !== '');
  const rows: [string, string][] = [
    ...(demonstration ? [['open', `${base}/`] as [string, string]] : []),
    ...config.mounts.map((mount): [string, string] => {
      const picture = demonstration ? demonstrationPictures[mount.dialect] : '';
      return [mount.dialect, urlOf(mount, base) + picture];
    }),
    ...(addresses.admin === null
      ? []
      : [['metrics', `${toUrl(addresses.admin, false)}/metrics`] as [string, string]]),
    ...(addresses.management === null
      ? []
      : [['manage', `${toUrl(addresses.management, false)}/v1/`] as [string, string]]),
    ['cache', config.cache.dir === '' ? 'in memory' : config.cache.dir],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  const lines = [
    `pictor ${version} is running. Stop it with Ctrl+C.`,
    '',
    ...rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`),
    ...warnings.flatMap((warning) => ['', `  ! ${warning}`]),
  ];
  return `\n${lines.join('\n')}\n\n`;
}
