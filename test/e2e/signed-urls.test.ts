/** Signed URLs of `pictor image-server server`: what a signature is good for, ways around it, and secrets that change while it runs. */
import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { kill } from 'node:process';
import { type TestContext, test } from 'node:test';
import { post } from '../support/keeping-pictor.ts';
import { drawing, livePictor, until } from '../support/live-pictor.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** The query of a signed URL, made by nothing of the program. */
function signed(secret: string, method: string, signedPath: string): string {
  const expires = Math.floor(Date.now() / 1000) + 600;
  const signature = createHmac('sha256', secret)
    .update(`${method}\n${signedPath}\n${expires}`)
    .digest('base64url');
  return `?X-Expires=${expires}&X-Path=${encodeURIComponent(signedPath)}&X-Signature=${signature}`;
}

async function signingPictor(t: TestContext, ...flags: string[]) {
  const home = await temporaryFolder(t);
  const secrets = path.join(home, 'secrets');
  await writeFile(secrets, 'old\n');
  const root = path.join(home, 'public');
  const own = [`--local_base_path=${root}`, '--require-signature', `--signing-secrets-file=${secrets}`];
  const pictor = await livePictor(t, { args: ['image-server', 'server', ...own, ...flags] });
  const picture = await drawing({ width: 40, height: 30, colour: 'teal' });
  const hash = createHash('md5').update(picture).digest('hex');
  const dir = hash.replace(/^(...)(...)(...)/, '$1/$2/$3/');
  const upload = async (namespace: string, query: string) =>
    (await post(pictor.port, `/${namespace}${query}`, { body: picture })).status;
  return { pictor, secrets, dir, upload };
}

test('a signed path is good for what lies below it, whatever a path is disguised as', async (t) => {
  const { pictor, dir, upload } = await signingPictor(t, '--require-signature-for-reads');
  for (const namespace of ['products', 'other'])
    assert.equal(await upload(namespace, signed('old', 'POST', '/')), 200, 'X-Path=/ is good for everything');
  assert.equal(await upload('products', signed('old', 'POST', '/products/')), 200);
  for (const wrong of ['/product', '/products/a', '/other', '/PRODUCTS'])
    assert.equal(await upload('products', signed('old', 'POST', wrong)), 401, wrong);
  assert.equal(await upload('products', signed('old', 'GET', '/products')), 401, 'signed for another method');

  const ofProducts = signed('old', 'GET', '/products');
  const get = async (target: string) => pictor.get(target + ofProducts);
  assert.equal((await get(`/products/${dir}/original`)).status, 200);
  assert.equal((await get(`/products/${dir.replaceAll('/', '%2F')}/original`)).status, 200);
  const around = [
    `/products/../other/${dir}/original`,
    `/products/%2e%2e/other/${dir}/original`,
    `/products%2F..%2Fother%2F${dir}%2Foriginal`,
    `/products/./../other/${dir}/original`,
  ];
  for (const target of around) {
    const answer = await get(target);
    assert.equal(answer.status, 301, target);
    const location = answer.headers['location'] ?? '';
    assert.ok(location.startsWith(`/other/${dir}/original?`), location);
    assert.equal((await pictor.get(location)).status, 401, location);
  }
  const elsewhere = [
    `/other/${dir}/original`,
    `//other/${dir}/original`,
    `/./other/${dir}/original`,
    `/productsother/${dir}/original`,
    `/%70roduct/${dir}/original`,
    `/other/..;/products/${dir}/original`,
    `/other%00/products/${dir}/original`,
    `/other\\products/${dir}/original`,
  ];
  for (const target of elsewhere) assert.equal((await get(target)).status, 401, target);
  for (const target of [`//products/${dir}/original`, `/products//${dir}/original`])
    assert.ok([301, 401].includes((await get(target)).status), target);

  const mine = signed('old', 'GET', '/products');
  const others = signed('old', 'GET', '/other').slice(1);
  assert.equal(
    (await pictor.get(`/other/${dir}/original${mine}&${others}`)).status,
    401,
    'the first one counts',
  );
  assert.equal(
    (await pictor.get(`/products/${dir}/original${mine.replace('X-Path', 'x-path')}`)).status,
    401,
  );
  assert.equal((await pictor.get(`/products/${dir}/original${mine}=`)).status, 401, 'padded');
});

test('HEAD follows the rule of GET, everything else that of uploads', async (t) => {
  const open = await signingPictor(t);
  assert.equal(await open.upload('products', ''), 401);
  assert.equal(await open.upload('products', signed('old', 'POST', '/products')), 200);
  const target = `/products/${open.dir}/original`;
  assert.equal((await open.pictor.get(target)).status, 200);
  assert.equal((await open.pictor.send('HEAD', target)).status, 200);
  for (const method of ['OPTIONS', 'DELETE', 'PUT', 'PATCH'])
    assert.equal((await open.pictor.send(method, target)).status, 401, method);

  const closed = await signingPictor(t, '--require-signature-for-reads');
  assert.equal(await closed.upload('products', signed('old', 'POST', '/products')), 200);
  const head = (query: string) => closed.pictor.send('HEAD', target + query);
  assert.equal((await head('')).status, 401);
  assert.equal((await head(signed('old', 'GET', '/products'))).status, 401);
  const answer = await head(signed('old', 'HEAD', '/products'));
  assert.deepEqual([answer.status, answer.body.length], [200, 0]);
  assert.equal((await closed.pictor.get('/status_check')).status, 200);
});

test('secrets are renewed while it runs; a file that cannot be used changes nothing, and is told', async (t) => {
  const { pictor, secrets, upload } = await signingPictor(t);
  const status = (secret: string) => upload('products', signed(secret, 'POST', '/products'));
  assert.deepEqual([await status('old'), await status('new')], [200, 401]);

  // Replaced, as whoever renews secrets does; nobody says so to the program.
  await writeFile(`${secrets}.next`, '# renewed\nnew\n\nold\n');
  await rename(`${secrets}.next`, secrets);
  await until('the new one is taken', async () => (await status('new')) === 200);
  assert.equal(await status('old'), 200);

  await writeFile(secrets, 'new\n');
  kill(pictor.pid, 'SIGUSR1');
  await until('the old one is refused', async () => (await status('old')) === 401);
  assert.equal(await status('new'), 200);

  const complaints = () => pictor.output().split('signing secrets not loaded, the old ones stay').length - 1;
  const broken: readonly (() => Promise<void>)[] = [() => writeFile(secrets, '# none\n'), () => rm(secrets)];
  for (const breakIt of broken) {
    const before = complaints();
    await breakIt();
    kill(pictor.pid, 'SIGUSR1');
    await until('it is told', () => complaints() > before);
    assert.deepEqual([await status('new'), await status('old')], [200, 401]);
  }
  assert.ok(!pictor.output().includes('"new"'), 'no secret is in the log');

  await writeFile(secrets, 'newest\n');
  kill(pictor.pid, 'SIGUSR1');
  await until('it is taken again', async () => (await status('newest')) === 200);
  assert.equal(await status('new'), 401);
});
