/** The management API of the running program: who may, what is told, and that what was deleted is not answered again. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { filesBelow, keepingPictor, post } from '../support/keeping-pictor.ts';
import { drawing, livePictor, until } from '../support/live-pictor.ts';
import { managementAccess } from '../support/management.ts';
import { repositoryRoot } from '../support/repository.ts';

const picture = (colour: string) => drawing({ width: 90, height: 60, colour });
const png = { 'content-type': 'image/png' };
const imageServer = { dialect: 'image-server' } as const;

test('only with a token; every failure is JSON with the id of the request', async (t) => {
  const access = await managementAccess();
  const { pictor } = await keepingPictor(t, { ...imageServer, env: access.env });
  for (const authorization of [undefined, 'Bearer ', `Bearer ${access.token}x`, `Basic ${access.token}`]) {
    const headers: Record<string, string> = { 'X-Request-ID': 'mine-1' };
    if (authorization !== undefined) headers['Authorization'] = authorization;
    for (const [method, place] of [
      ['GET', '/v1/mounts'],
      ['DELETE', '/v1/original?mount=image-server&key=a'],
      ['POST', '/v1/purges'],
      ['GET', '/nowhere'],
    ] as const) {
      const reply = await fetch(access.url + place, { method, headers });
      assert.equal(reply.status, 401, `${method} ${place}`);
      assert.match(reply.headers.get('www-authenticate') ?? '', /^Bearer/);
      const { error } = (await reply.json()) as { error: Record<string, string> };
      assert.deepEqual(error, { code: 'TOKEN_INVALID', message: 'Unauthorized', requestId: 'mine-1' });
    }
  }
  await until('somebody is told', () => pictor.output().includes('request without a valid token'));
  assert.ok(!pictor.output().includes(access.token));

  const refusals = [
    ['/nowhere', undefined, 404, 'NOT_FOUND'],
    ['/v1/originals', undefined, 400, 'OPTION_INVALID'],
    ['/v1/originals?mount=nobody', undefined, 404, 'NOT_FOUND'],
    ['/v1/originals?mount=image-server&limit=1001', undefined, 400, 'OPTION_INVALID'],
    ['/v1/originals?mount=image-server&cursor=eA', undefined, 400, 'OPTION_INVALID'],
    ['/v1/originals?mount=image-server&bucket=other', undefined, 400, 'OPTION_INVALID'],
    ['/v1/originals?mount=image-server&mistyped=1', undefined, 400, 'OPTION_INVALID'],
    ['/v1/original?mount=image-server&key=a/b', undefined, 404, 'OBJECT_NOT_FOUND'],
    ['/v1/erasures', { mount: 'image-server' }, 400, 'OPTION_INVALID'],
    ['/v1/erasures', { mount: 'image-server', prefix: 'a/', everything: true }, 400, 'OPTION_INVALID'],
    ['/v1/purges', { source: '' }, 400, 'OPTION_INVALID'],
    ['/v1/purges', { source: 'x', key: 'y' }, 400, 'OPTION_INVALID'],
  ] as const;
  for (const [place, body, status, code] of refusals) {
    const { status: answered, json, headers } = await access.ask(place, body === undefined ? {} : { body });
    assert.deepEqual([answered, json.error.code], [status, code], place);
    assert.equal(headers.get('x-request-id'), json.error.requestId);
  }
});

test('the document is served as it is in the manual', async (t) => {
  const access = await managementAccess();
  await keepingPictor(t, { ...imageServer, env: access.env });
  const served: unknown = await (await fetch(`${access.url}/openapi.json`)).json();
  const manual = await readFile(path.join(repositoryRoot, 'docs/reference/openapi.json'), 'utf8');
  assert.deepEqual(served, JSON.parse(manual));
});

test('an address without a token is refused at the start; without either nothing listens', async (t) => {
  const access = await managementAccess();
  const { PICTOR_MANAGEMENT_BIND } = access.env as { PICTOR_MANAGEMENT_BIND: string };
  await assert.rejects(livePictor(t, { args: ['serve'], env: { PICTOR_MANAGEMENT_BIND } }), /needs a token/);
  const { pictor } = await keepingPictor(t, imageServer);
  await until('it tells where it listens', () => pictor.output().includes('"management":null'));
});

test('originals page by page, each once, in the order of their keys', async (t) => {
  const access = await managementAccess();
  const { pictor } = await keepingPictor(t, { ...imageServer, env: access.env });
  const colours = ['red', 'green', 'blue', 'white', 'black', 'teal', 'navy'];
  for (const [index, colour] of colours.entries()) {
    const place = `/${index < 5 ? 'many' : 'few'}?outputs=w10.png`;
    assert.equal((await post(pictor.port, place, { body: await picture(colour), headers: png })).status, 200);
  }
  const mounts = await access.expect('/v1/mounts');
  assert.deepEqual(mounts.mounts, [
    { name: 'image-server', dialect: 'image-server', namedBuckets: false, readOnly: false },
  ]);
  const pages = async (query: string): Promise<string[][]> => {
    const found: string[][] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const more: string = cursor === '' ? '' : `&cursor=${cursor}`;
      const page = await access.expect(`/v1/originals?mount=image-server${query}${more}`);
      found.push(page.originals.map(({ key }) => key));
      ({ cursor } = page);
    }
    return found;
  };
  const all = (await pages('')).flat();
  assert.equal(all.length, 7);
  assert.deepEqual(all, all.toSorted());
  const byThree = await pages('&limit=3');
  assert.deepEqual(byThree.flat(), all);
  assert.ok(byThree.every((page) => page.length <= 3));
  assert.deepEqual(
    (await pages('&prefix=few/')).flat(),
    all.filter((key) => key.startsWith('few/')),
  );

  const key = all[0]!;
  const facts = await access.expect(`/v1/original?mount=image-server&key=${key}`);
  const folder = key.slice(0, -'original'.length);
  assert.deepEqual(facts.belongings.map((each) => each.key).toSorted(), [
    `${folder}info.json`,
    `${folder}w10.png`,
  ]);
});

test('a namespace is erased, in as many calls as it takes; everything else stays', async (t) => {
  const access = await managementAccess();
  const { pictor, kept } = await keepingPictor(t, { ...imageServer, env: access.env });
  for (const colour of ['red', 'green', 'blue']) {
    const body = await picture(colour);
    for (const namespace of ['go', 'go2'])
      await post(pictor.port, `/${namespace}?outputs=w10.png,w20.webp`, { body, headers: png });
  }
  const [original] = (await access.expect('/v1/originals?mount=image-server&prefix=go/')).originals;
  const variant = `/${original!.key.replace(/original$/, 'w33.jpg')}`;
  assert.equal((await pictor.get(variant)).status, 200);
  const erased = await access.expect('/v1/erasures', { body: { mount: 'image-server', prefix: 'go/' } });
  assert.deepEqual([erased.done, erased.objects >= 12, erased.copies], [true, true, 'removed']);
  assert.equal((await pictor.get(variant)).status, 404);
  const left = await kept();
  assert.ok(
    left.every((file) => !file.startsWith('go/')),
    left.join(),
  );
  assert.equal(left.filter((file) => file.startsWith('go2/')).length, 12);
  const again = await access.expect('/v1/erasures', { body: { mount: 'image-server', prefix: 'go/' } });
  assert.deepEqual([again.done, again.objects], [true, 0]);
  const whole = { mount: 'image-server', everything: true };
  assert.equal((await access.expect('/v1/erasures', { body: whole })).done, true);
  assert.deepEqual(await kept(), []);
  await until('each change has its line', () => pictor.output().split('originals erased').length === 4);
});

test('deleted: no copy is left in any folder, and a second call finds nothing', async (t) => {
  const access = await managementAccess();
  const { pictor, home, kept } = await keepingPictor(t, { ...imageServer, env: access.env });
  await post(pictor.port, '/a?outputs=w10.png', { body: await picture('red'), headers: png });
  const [original] = (await access.expect('/v1/originals?mount=image-server')).originals;
  const place = `/v1/original?mount=image-server&key=${original!.key}`;
  for (const width of [11, 12, 13])
    assert.equal((await pictor.get(`/${original!.key.replace(/original$/, `w${width}.jpg`)}`)).status, 200);
  const { objects, copies } = await access.expect(`${place}&waitSeconds=60`, { method: 'DELETE' });
  assert.deepEqual([objects >= 3, copies], [true, 'removed']);
  assert.deepEqual(await kept(), []);
  const blobs = (await filesBelow(path.join(home, 'cache'))).filter((file) => file.includes('blobs'));
  assert.deepEqual(blobs, []);
  const second = await access.ask(place, { method: 'DELETE' });
  assert.deepEqual([second.status, second.json.error.code], [404, 'OBJECT_NOT_FOUND']);
});

test('mounts that only read their originals give nothing away to be deleted', async (t) => {
  const access = await managementAccess();
  const { pictor, home } = await keepingPictor(t, imageServer);
  await post(pictor.port, '/a', { body: await picture('red'), headers: png });
  const settings = { folder: path.join(home, 'kept'), extensions: ['.png'] };
  const mount = { dialect: 's3imageserver', prefix: '/read', settings };
  await livePictor(t, {
    args: ['serve'],
    env: { ...access.env, PICTOR_CACHE_DIR: '', PICTOR_MOUNTS: JSON.stringify([mount]) },
  });
  const [first] = (await access.expect('/v1/originals?mount=/read')).originals;
  for (const reply of [
    await access.ask(`/v1/original?mount=/read&key=${first!.key}`, { method: 'DELETE' }),
    await access.ask('/v1/erasures', { body: { mount: '/read', everything: true } }),
  ])
    assert.deepEqual([reply.status, reply.json.error.code], [403, 'OPTION_FORBIDDEN']);
});
