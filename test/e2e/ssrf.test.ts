/**
 * A server that fetches what strangers name must not be talked into fetching from inside: this machine stands for every
 * inner network here, so that nothing of this test ever leaves it. Other address classes are the matter of unit tests.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { networkInterfaces } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { allowing, drawing, liveOrigin, livePictor, metric, shapeOf } from '../support/live-pictor.ts';
import type { PictorProcess, RawReply } from '../support/pictor-process.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const picture = await drawing({ width: 90, height: 60, colour: 'crimson' });

/** Something inside that must not be reached: it counts connections, on one port of both loopback addresses. */
interface Trap {
  readonly port: number;
  connections(): number;
}

async function listening(server: Server, port: number, host: string): Promise<number> {
  server.listen(port, host);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function setTrap(t: TestContext): Promise<Trap> {
  let connections = 0;
  const spring = () =>
    createServer((socket) => {
      connections += 1;
      socket.on('error', () => {});
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
    });
  const [one, other] = [spring(), spring()];
  t.after(() => {
    for (const server of [one, other]) server.close();
  });
  const port = await listening(one, 0, '127.0.0.1');
  const hasIpv6 = Object.values(networkInterfaces()).some((each) =>
    each?.some(({ address }) => address === '::1'),
  );
  if (hasIpv6) await listening(other, port, '::1').catch(() => {});
  return { port, connections: () => connections };
}

interface Command {
  readonly name: string;
  readonly args: readonly string[];
  readonly bind: string;
  /** Where its imgproxy URLs begin. */
  readonly place: string;
  readonly rootVariable: string;
}

const commands: readonly Command[] = [
  {
    name: 'pictor serve',
    args: ['serve'],
    bind: 'PICTOR_SERVER_BIND',
    place: '/imgproxy',
    rootVariable: 'PICTOR_SOURCES_FILE_ROOT',
  },
  {
    name: 'pictor imgproxy',
    args: ['imgproxy'],
    bind: 'IMGPROXY_BIND',
    place: '',
    rootVariable: 'IMGPROXY_LOCAL_FILESYSTEM_ROOT',
  },
];

const start = (t: TestContext, { args, bind }: Command, env: Readonly<Record<string, string>> = {}) =>
  livePictor(t, { args, bind, env });

/** Every way to write a source into a URL. */
const targetsOf = ({ place }: Command, source: string): string[] => [
  `${place}/unsafe/w:40/${Buffer.from(source).toString('base64url')}.png`,
  `${place}/unsafe/w:40/plain/${encodeURIComponent(source)}@png`,
];

async function isRefused(pictor: PictorProcess, target: string, what: string): Promise<RawReply> {
  const reply = await pictor.get(target);
  assert.equal(reply.status, 404, `${what}: ${reply.body.toString('latin1', 0, 80)}`);
  assert.equal(reply.headers['content-type'], 'text/plain');
  assert.doesNotMatch(
    reply.body.toString(),
    /127|::|loopback|private/i,
    'the answer tells nothing of the inside',
  );
  return reply;
}

/** Spellings of this machine, most of which some URL parser or connector has been caught by. */
const spellings = [
  '127.0.0.1',
  '127.1',
  '127.0.1',
  '127.255.255.254',
  '2130706433',
  '0x7f000001',
  '0x7f.1',
  '0x7f.0.0.0x1',
  '017700000001',
  '0177.0.0.1',
  '127.0.0.1.',
  '%31%32%37.0.0.1',
  '１２７.０.０.１',
  '①②⑦.0.0.1',
  '127。0。0。1',
  '0',
  '0.0.0.0',
  'localhost',
  'LOCALHOST',
  '[::1]',
  '[0:0:0:0:0:0:0:1]',
  '[0000:0000:0000:0000:0000:0000:0000:0001]',
  '[::]',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[::ffff:0:127.0.0.1]',
  '[::127.0.0.1]',
  'allowed.invalid@127.0.0.1',
  'allowed.invalid:80@127.0.0.1',
  'allowed.invalid%2f@127.0.0.1',
  '@127.0.0.1',
];

for (const command of commands) {
  test(`${command.name} by default connects to nothing on this machine, however it is written`, async (t) => {
    const trap = await setTrap(t);
    const pictor = await start(t, command);
    const hosts = spellings.map((host) => `http://${host}:${trap.port}/a.png`);
    const others = [
      `https://127.0.0.1:${trap.port}/a.png`,
      `http:127.0.0.1:${trap.port}/a.png`,
      `http:/127.0.0.1:${trap.port}/a.png`,
      `http:///127.0.0.1:${trap.port}/a.png`,
      `http:\\\\127.0.0.1:${trap.port}\\a.png`,
      `HTTP://127.0.0.1:${trap.port}/a.png`,
      `ftp://127.0.0.1:${trap.port}/a.png`,
      `file:///etc/hostname`,
      `data:image/png;base64,${picture.toString('base64')}`,
    ];
    for (const source of [...hosts, ...others])
      for (const target of targetsOf(command, source)) await isRefused(pictor, target, source);
    assert.equal(trap.connections(), 0);
    assert.equal(await metric(pictor, 'pictor_transforms_total'), 0);
    const refusals = await Promise.all(
      ['SOURCE_ADDRESS_REFUSED', 'SOURCE_INVALID'].map((code) =>
        metric(pictor, 'pictor_errors_total', { code }),
      ),
    );
    assert.equal(refusals[0]! + refusals[1]!, await metric(pictor, 'pictor_errors_total'));
  });
}

test('the same spellings do reach this machine where a setting allows it: what is refused above is not just misread', async (t) => {
  const [command] = commands as [Command];
  const origin = await liveOrigin(t);
  origin.route('/a.png', { body: picture });
  const pictor = await start(t, command, {
    PICTOR_SOURCES_HTTP_ALLOW_LOOPBACK: 'true',
    PICTOR_SOURCES_HTTP_ALLOW_USER_INFO: 'true',
  });
  const reaching = [
    '127.0.0.1',
    '127.1',
    '2130706433',
    '0x7f.1',
    '017700000001',
    '127.0.0.1.',
    '①②⑦.0.0.1',
    '0',
    'localhost',
    '[::ffff:7f00:1]',
    'allowed.invalid@127.0.0.1',
  ];
  for (const [index, host] of reaching.entries()) {
    const [target] = targetsOf(command, `http://${host}:${origin.port}/a.png?${index}`);
    assert.equal(await shapeOf(await pictor.get(target!)), 'png 40x27', host);
  }
  assert.equal(origin.count(), reaching.length);
});

test('a redirect from an allowed host leads only where a URL could lead', async (t) => {
  const [command] = commands as [Command];
  const trap = await setTrap(t);
  const origin = await liveOrigin(t);
  const pictor = await start(t, command, allowing(origin));
  const target = (place: string) => targetsOf(command, origin.url + place)[0]!;

  await t.test('to another port, name or scheme: refused, and nobody is asked', async () => {
    const inside = `127.0.0.1:${trap.port}`;
    const locations = [
      `http://${inside}/a.png`,
      `//${inside}/a.png`,
      `https://${inside}/a.png`,
      `http://localhost:${trap.port}/a.png`,
      `http://[::1]:${trap.port}/a.png`,
      `http://2130706433:${trap.port}/`,
      `http://127.0.0.1@${inside}/`,
      `\\\\${inside}\\a.png`,
      `http://localhost:${origin.port}/right.png`,
      'file:///etc/hostname',
      'local:///dawn.jpg',
      `gopher://${inside}/`,
    ];
    origin.route('/right.png', { body: picture });
    for (const [index, location] of locations.entries()) {
      origin.route(`/to-${index}.png`, { redirect: location, status: [301, 302, 303, 307, 308][index % 5]! });
      origin.route(`/by-way-${index}.png`, { redirect: `/to-${index}.png` });
      await isRefused(pictor, target(`/to-${index}.png`), location);
      await isRefused(pictor, target(`/by-way-${index}.png`), `two hops to ${location}`);
    }
    assert.equal(trap.connections(), 0);
    assert.equal(origin.count('/right.png'), 0, 'the allowed host is allowed by the name it was allowed by');
  });

  await t.test('within what is allowed it is followed, and not for ever', async () => {
    origin.route('/start.png', { redirect: '/middle.png' });
    origin.route('/middle.png', { redirect: `http://127.1:${origin.port}/right.png` });
    assert.equal(await shapeOf(await pictor.get(target('/start.png'))), 'png 40x27');
    origin.route('/loop.png', { redirect: '/loop.png' });
    await isRefused(pictor, target('/loop.png'), 'a loop');
    assert.equal(origin.count('/loop.png'), 11);
  });
});

test('the list of a mount holds for every redirect, whatever another mount has fetched', async (t) => {
  const origin = await liveOrigin(t);
  for (const [place, location] of [
    ['/listed/in.png', '/listed/end.png'],
    ['/listed/out.png', '/other.png'],
    ['/listed/by-way.png', '/listed/out.png'],
  ] as const)
    origin.route(place, { redirect: location });
  for (const place of ['/listed/end.png', '/other.png']) origin.route(place, { body: picture });
  const mount = (prefix: string, settings: object) => ({ prefix, dialect: 'imgproxy', settings });
  const pictor = await livePictor(t, {
    args: ['serve'],
    env: {
      ...allowing(origin),
      PICTOR_MOUNTS: JSON.stringify([
        mount('/free', {}),
        mount('/listed', { allowedSources: [`${origin.url}/listed/`] }),
      ]),
    },
  });
  const get = (prefix: string, place: string, width = 40) =>
    pictor.get(`${prefix}/unsafe/rs:fit:${width}:${width}/plain/${origin.url}${place}`);

  for (const place of ['/listed/out.png', '/listed/by-way.png']) {
    assert.equal((await get('/listed', place)).status, 404, place);
    assert.equal(origin.count('/other.png'), 0, 'nobody was asked');
  }
  for (const place of ['/listed/out.png', '/listed/by-way.png']) {
    assert.equal(await shapeOf(await get('/free', place)), 'png 40x27', place);
    assert.equal((await get('/listed', place)).status, 404, `${place}, the stored variant`);
    assert.equal((await get('/listed', place, 20)).status, 404, `${place}, the stored original`);
  }
  assert.equal(await shapeOf(await get('/listed', '/listed/in.png')), 'png 40x27');
  assert.equal(await shapeOf(await get('/free', '/listed/in.png')), 'png 40x27');
  assert.equal(origin.count('/listed/in.png'), 1);
});

test('what a client says in its headers changes neither source nor key, and is not passed on', async (t) => {
  const [command] = commands as [Command];
  const trap = await setTrap(t);
  const origin = await liveOrigin(t);
  origin.route('/a.png', {
    body: picture,
    headers: { 'cache-control': 'max-age=0, stale-while-revalidate=0' },
  });
  const pictor = await start(t, command, allowing(origin));
  const [target] = targetsOf(command, `${origin.url}/a.png`);
  const made = await pictor.get(target!);
  const inside = `127.0.0.1:${trap.port}`;
  const tales: Record<string, string>[] = [
    { Host: inside },
    { Host: 'pictor.invalid' },
    { 'X-Forwarded-Host': inside, 'X-Forwarded-Proto': 'https', 'X-Forwarded-Port': String(trap.port) },
    { Forwarded: `for=1.2.3.4;host=${inside};proto=http` },
    { 'X-Forwarded-For': '10.0.0.1', 'X-Real-IP': '10.0.0.1' },
    { 'X-Original-URL': `http://${inside}/`, 'X-Rewrite-URL': `http://${inside}/` },
    { 'X-Original-Host': inside, 'X-HTTP-Host-Override': inside, 'X-Host': inside },
    {
      Referer: `http://${inside}/`,
      Origin: `http://${inside}`,
      Cookie: 'session=secret',
      Authorization: 'Bearer secret',
    },
  ];
  for (const headers of tales) {
    const reply = await pictor.get(target!, headers);
    assert.deepEqual(
      [reply.status, reply.headers['etag']],
      [200, made.headers['etag']],
      JSON.stringify(headers),
    );
    assert.deepEqual(reply.body, made.body);
  }
  const absolute = await pictor.get(`http://${inside}${target!}`);
  assert.ok([200, 400, 404].includes(absolute.status));
  assert.equal(trap.connections(), 0);
  assert.equal(await metric(pictor, 'pictor_transforms_total'), 1, 'one key');
  const usual = ['accept', 'accept-encoding', 'connection', 'host', 'user-agent'];
  for (const { headers } of origin.requests) {
    assert.deepEqual(Object.keys(headers).toSorted(), usual);
    assert.equal(headers['host'], `127.0.0.1:${origin.port}`);
  }
});

for (const command of commands) {
  test(`${command.name}: local:// leads nowhere but below its root`, async (t) => {
    const folder = await temporaryFolder(t);
    const root = path.join(folder, 'root');
    await mkdir(path.join(root, 'below'), { recursive: true });
    await mkdir(path.join(folder, 'root-private'));
    const files = ['secret.png', 'root-private/secret.png', 'root/right.png', 'root/below/right.png'];
    await Promise.all(files.map((file) => writeFile(path.join(folder, file), picture)));
    await symlink('../secret.png', path.join(root, 'link.png'));
    await symlink(path.join(folder, 'secret.png'), path.join(root, 'absolute-link.png'));
    await symlink('..', path.join(root, 'up'));
    await symlink('below/right.png', path.join(root, 'inner-link.png'));
    const pictor = await start(t, command, { [command.rootVariable]: root });

    for (const file of ['right.png', 'below/right.png', 'inner-link.png', 'below/../right.png'])
      for (const target of targetsOf(command, `local:///${file}`))
        assert.equal(await shapeOf(await pictor.get(target)), 'png 40x27', file);

    const escapes = [
      '../secret.png',
      '../../../../../../../../../etc/hostname',
      'below/../../secret.png',
      '../root-private/secret.png',
      '..-private/secret.png',
      '%2e%2e/secret.png',
      '%2e%2e%2fsecret.png',
      '..%2fsecret.png',
      '..%252fsecret.png',
      '..\\secret.png',
      '..%5csecret.png',
      '....//secret.png',
      '/../secret.png',
      'link.png',
      'absolute-link.png',
      'up/secret.png',
      'up/root-private/secret.png',
      'right.png\0',
      'right.png\0.jpg',
      'right.png%00',
      'right.png/',
      'right.png/../../secret.png',
      path.join(folder, 'secret.png').slice(1),
      '',
      '.',
      'below',
    ];
    for (const file of escapes) {
      for (const target of targetsOf(command, `local:///${file}`))
        await isRefused(pictor, target, JSON.stringify(file));
      await isRefused(
        pictor,
        targetsOf(command, `local://../${file}`)[0]!,
        `host .. and ${JSON.stringify(file)}`,
      );
      if (!file.includes('\0'))
        await isRefused(pictor, `${command.place}/unsafe/w:40/plain/local:///${file}@png`, `raw ${file}`);
    }
    assert.equal(await metric(pictor, 'pictor_transforms_total'), 4);
  });
}
