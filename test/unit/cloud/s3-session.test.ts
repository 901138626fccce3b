/** How requests go out: by whom they are signed and for which region, to which host, and what may stand in the way. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { createS3Service } from '../../../src/cloud/s3-session.ts';
import type { S3Connection } from '../../../src/cloud/s3-settings.ts';

type Reply = (request: IncomingMessage, response: ServerResponse) => void;

/** A server that remembers what it was asked. */
async function listen(t: TestContext, reply: Reply) {
  const requests: { url: string; headers: IncomingMessage['headers']; body: string }[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      requests.push({ url: request.url ?? '', headers: request.headers, body });
      reply(request, response);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { requests, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** Sets variables the SDK reads for the length of a test; everything of the machine's own is hidden from it. */
function surroundedBy(t: TestContext, variables: Readonly<Record<string, string>>): void {
  const before = { ...process.env };
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
  Object.assign(process.env, {
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    ...variables,
  });
  t.after(() => {
    for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
    Object.assign(process.env, before);
  });
}

async function ask(t: TestContext, changes: Partial<S3Connection>): Promise<unknown> {
  const service = createS3Service({
    endpoint: '',
    pathStyle: true,
    region: '',
    fallbackRegion: 'us-west-1',
    accessKeyId: '',
    secretAccessKey: '',
    maxConnections: 5,
    connectTimeoutSeconds: 5,
    ...changes,
  });
  t.after(() => service.close());
  const { client, sdk } = await service.session();
  return client.send(new sdk.GetObjectCommand({ Bucket: 'pictures', Key: 'a b/é+%2F.png' })).then(
    (output) => output.Body?.transformToString(),
    (error: unknown) => error,
  );
}

const ok: Reply = (_, response) => void response.end('body');
const own = { accessKeyId: 'OWNKEY', secretAccessKey: 'own secret' };

test('a key of its own is used, whatever the environment says', async (t) => {
  surroundedBy(t, { AWS_ACCESS_KEY_ID: 'OTHER', AWS_SECRET_ACCESS_KEY: 'other', AWS_REGION: 'eu-north-1' });
  const { requests, url } = await listen(t, ok);
  assert.equal(await ask(t, { endpoint: url, ...own, region: 'eu-central-1' }), 'body');
  assert.match(requests[0]?.headers.authorization ?? '', /Credential=OWNKEY\/\d+\/eu-central-1\/s3\//);
  assert.equal(requests[0]?.url, '/pictures/a%20b/%C3%A9%2B%252F.png?x-id=GetObject');
});

test('without one the chain of the SDK is, with its region', async (t) => {
  surroundedBy(t, {
    AWS_ACCESS_KEY_ID: 'CHAIN',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_SESSION_TOKEN: 'token',
    AWS_REGION: 'eu-north-1',
  });
  const { requests, url } = await listen(t, ok);
  await ask(t, { endpoint: url });
  assert.match(requests[0]?.headers.authorization ?? '', /Credential=CHAIN\/\d+\/eu-north-1\/s3\//);
  assert.equal(requests[0]?.headers['x-amz-security-token'], 'token');
});

test('where nobody names a region the fallback is taken', async (t) => {
  surroundedBy(t, {});
  const { requests, url } = await listen(t, ok);
  await ask(t, { endpoint: url, ...own });
  assert.match(requests[0]?.headers.authorization ?? '', /\/us-west-1\/s3\//);
});

test('AWS_ENDPOINT_URL_S3 leads there', async (t) => {
  const { requests, url } = await listen(t, ok);
  surroundedBy(t, { AWS_ENDPOINT_URL_S3: url });
  assert.equal(await ask(t, { ...own }), 'body');
  assert.equal(requests.length, 1);
});

test('a redirect of the endpoint leads nowhere', async (t) => {
  surroundedBy(t, {});
  const elsewhere = await listen(t, ok);
  for (const status of [301, 302, 307]) {
    const { requests, url } = await listen(t, (_, response) => {
      response.writeHead(status, { location: `${elsewhere.url}/pictures/a` }).end();
    });
    assert.ok((await ask(t, { endpoint: url, ...own })) instanceof Error);
    assert.ok(requests.length > 0);
  }
  assert.equal(elsewhere.requests.length, 0);
});

test('failures of the service are tried again, up to a number', async (t) => {
  surroundedBy(t, {});
  let left = 2;
  const shaky = await listen(t, (_, response) => {
    left -= 1;
    response.writeHead(left >= 0 ? 503 : 200).end('body');
  });
  assert.equal(await ask(t, { endpoint: shaky.url, ...own, maxAttempts: 3 }), 'body');
  const broken = await listen(t, (_, response) => void response.writeHead(503).end());
  assert.ok((await ask(t, { endpoint: broken.url, ...own, maxAttempts: 2 })) instanceof Error);
  assert.equal(broken.requests.length, 2);
});

test('a role is taken on with its external id, and once for many requests', async (t) => {
  const sts = await listen(t, (_, response) => {
    const expires = new Date(Date.now() + 3_600_000).toISOString();
    response.setHeader('content-type', 'text/xml');
    response.end(`<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>
      <Credentials><AccessKeyId>ROLEKEY</AccessKeyId><SecretAccessKey>role secret</SecretAccessKey>
      <SessionToken>role token</SessionToken><Expiration>${expires}</Expiration></Credentials>
      </AssumeRoleResult></AssumeRoleResponse>`);
  });
  surroundedBy(t, { AWS_ENDPOINT_URL_STS: sts.url });
  const { requests, url } = await listen(t, ok);
  const service = createS3Service({
    endpoint: url,
    pathStyle: true,
    region: 'eu-central-1',
    fallbackRegion: 'us-east-1',
    ...own,
    maxConnections: 5,
    connectTimeoutSeconds: 5,
    assumeRole: { arn: 'arn:aws:iam::123456789012:role/reader', externalId: 'between us' },
  });
  t.after(() => service.close());
  const { client, sdk } = await service.session();
  for (let round = 0; round < 3; round += 1)
    await client.send(new sdk.GetObjectCommand({ Bucket: 'pictures', Key: 'a' }));
  assert.equal(sts.requests.length, 1);
  assert.match(sts.requests[0]!.headers.authorization ?? '', /Credential=OWNKEY\/\d+\/eu-central-1\/sts\//);
  const asked = new URLSearchParams(sts.requests[0]!.body);
  assert.equal(asked.get('RoleArn'), 'arn:aws:iam::123456789012:role/reader');
  assert.equal(asked.get('ExternalId'), 'between us');
  for (const { headers } of requests) {
    assert.match(headers.authorization ?? '', /Credential=ROLEKEY\//);
    assert.equal(headers['x-amz-security-token'], 'role token');
  }
});

test('a body is stored without framing and without a checksum that others do not know', async (t) => {
  surroundedBy(t, {});
  const { requests, url } = await listen(t, ok);
  const service = createS3Service({
    endpoint: url,
    pathStyle: true,
    region: 'x',
    fallbackRegion: 'x',
    ...own,
    maxConnections: 5,
    connectTimeoutSeconds: 5,
  });
  t.after(() => service.close());
  const { client, sdk } = await service.session();
  await client.send(new sdk.PutObjectCommand({ Bucket: 'pictures', Key: 'a', Body: Buffer.from('bytes') }));
  assert.equal(requests[0]?.body, 'bytes');
  assert.equal(requests[0]?.headers['content-length'], '5');
  assert.deepEqual(
    Object.keys(requests[0]?.headers ?? {}).filter((name) => /checksum|trailer|decoded/.test(name)),
    [],
  );
});
