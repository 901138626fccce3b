import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { gzipSync } from 'node:zlib';
import { failureOf, openContext, readOriginal } from '../../support/reading.ts';
import { httpSource, originTest } from './sources.ts';

const mebibyte = 1024 ** 2;
const text = Array.from({ length: 5000 }, (_, index) => `line ${index * 7919}`).join('\n');

describe('encodings', () => {
  for (const encoding of ['gzip', 'deflate', 'deflate-raw', 'br'] as const) {
    for (const chunked of [false, true]) {
      originTest(`${encoding}${chunked ? ', chunked,' : ''} is decoded`, async (t, origin) => {
        origin.route('/a', { body: text, encoding, chunked });
        const answer = await httpSource(t).open(`${origin.url}/a`, openContext());
        assert.equal(
          answer.status === 'found' && answer.size,
          undefined,
          'the encoded length is not the size',
        );
        assert.equal(String(await readOriginal(answer)), text);
      });
    }
    originTest(
      `${encoding} cut short is SOURCE_TRUNCATED, also where the framing is whole`,
      async (t, origin) => {
        const source = httpSource(t);
        origin.route('/cut', { body: text, encoding, truncateAt: 3000 });
        await failureOf(
          source.open(`${origin.url}/cut`, openContext()).then(readOriginal),
          'SOURCE_TRUNCATED',
        );
        origin.route('/cut-chunked', { body: text, encoding, truncateAt: 3000, chunked: true });
        await failureOf(
          source.open(`${origin.url}/cut-chunked`, openContext()).then(readOriginal),
          'SOURCE_TRUNCATED',
        );
      },
    );
  }

  originTest(
    'a gzip body that ends early inside a complete response is SOURCE_TRUNCATED',
    async (t, origin) => {
      const whole = gzipSync(text);
      for (const body of [
        whole.subarray(0, 9),
        whole.subarray(0, -1),
        whole.subarray(0, -8),
        whole.subarray(0, whole.length / 2),
      ]) {
        origin.route('/a', { body, headers: { 'content-encoding': 'gzip' } });
        await failureOf(
          httpSource(t).open(`${origin.url}/a`, openContext()).then(readOriginal),
          'SOURCE_TRUNCATED',
        );
      }
    },
  );

  originTest('bytes that are not what Content-Encoding says are SOURCE_TRUNCATED', async (t, origin) => {
    origin.route('/a', { body: text, headers: { 'content-encoding': 'gzip' } });
    await failureOf(
      httpSource(t).open(`${origin.url}/a`, openContext()).then(readOriginal),
      'SOURCE_TRUNCATED',
    );
    const damaged = gzipSync(text);
    damaged[500]! ^= 0xff;
    origin.route('/b', { body: damaged, headers: { 'content-encoding': 'gzip' } });
    await failureOf(
      httpSource(t).open(`${origin.url}/b`, openContext()).then(readOriginal),
      'SOURCE_TRUNCATED',
    );
  });

  originTest('an empty body is empty in every encoding', async (t, origin) => {
    for (const encoding of ['gzip', 'deflate', 'br']) {
      origin.route('/a', { body: '', headers: { 'content-encoding': encoding } });
      const answer = await httpSource(t).open(`${origin.url}/a`, openContext());
      assert.equal((await readOriginal(answer)).length, 0, encoding);
    }
  });

  originTest('encodings may be stacked twice, not three times', async (t, origin) => {
    origin.route('/two', { body: gzipSync(gzipSync(text)), headers: { 'content-encoding': 'gzip, x-gzip' } });
    assert.equal(
      String(await readOriginal(await httpSource(t).open(`${origin.url}/two`, openContext()))),
      text,
    );
    origin.route('/three', {
      body: gzipSync(gzipSync(gzipSync(text))),
      headers: { 'content-encoding': 'gzip,gzip,gzip' },
    });
    await failureOf(
      httpSource(t).open(`${origin.url}/three`, openContext()).then(readOriginal),
      'SOURCE_FAILED',
    );
  });

  originTest('unknown encodings are taken for labels without meaning', async (t, origin) => {
    origin.route('/a', { body: text, headers: { 'content-encoding': 'utf-8, identity' } });
    assert.equal(
      String(await readOriginal(await httpSource(t).open(`${origin.url}/a`, openContext()))),
      text,
    );
  });
});

describe('limit on bytes', () => {
  originTest('a body of exactly the limit passes, one byte more does not', async (t, origin) => {
    const source = httpSource(t);
    for (const reply of [{}, { chunked: true }, { encoding: 'gzip' }] as const) {
      origin.route('/a', { body: text, ...reply });
      const whole = await source.open(`${origin.url}/a`, openContext({ maxBytes: text.length }));
      assert.equal((await readOriginal(whole)).length, text.length);
      const over = source
        .open(`${origin.url}/a`, openContext({ maxBytes: text.length - 1 }))
        .then(readOriginal);
      await failureOf(over, 'SOURCE_TOO_LARGE');
    }
  });

  originTest(
    'a declared length above the limit is refused before the body, and the socket is let go',
    async (t, origin) => {
      origin.route('/a', { body: 'x', declaredLength: 10 * mebibyte, hang: 'mid-body' });
      const source = httpSource(t);
      await failureOf(
        source.open(`${origin.url}/a`, openContext({ maxBytes: mebibyte })),
        'SOURCE_TOO_LARGE',
      );
      await origin.untilConnections(0);
    },
  );

  originTest('an endless body ends at the limit, and the socket is let go', async (t, origin) => {
    origin.route('/a', { body: 'x'.repeat(60_000), endless: true });
    await failureOf(
      httpSource(t)
        .open(`${origin.url}/a`, openContext({ maxBytes: mebibyte }))
        .then(readOriginal),
      'SOURCE_TOO_LARGE',
    );
    await origin.untilConnections(0);
  });

  originTest('a compressed bomb ends at the limit', async (t, origin) => {
    const bomb = Buffer.alloc(64 * mebibyte);
    origin.route('/a', { body: gzipSync(bomb), headers: { 'content-encoding': 'gzip' } });
    origin.route('/b', { body: gzipSync(gzipSync(bomb)), headers: { 'content-encoding': 'gzip, gzip' } });
    const source = httpSource(t);
    for (const target of ['/a', '/b']) {
      let read = 0;
      const answer = await source.open(origin.url + target, openContext({ maxBytes: mebibyte }));
      assert.ok(answer.status === 'found' && 'stream' in answer.body);
      const { stream } = answer.body;
      const reading = (async () => {
        for await (const chunk of stream) read += chunk.length;
      })();
      await failureOf(reading, 'SOURCE_TOO_LARGE');
      assert.ok(read <= mebibyte, `${read} bytes came through`);
    }
  });

  originTest(
    'encoded bytes count too: an encoder can send for ever without producing any',
    async (t, origin) => {
      const emptyMember = gzipSync('');
      origin.route('/a', {
        body: Buffer.concat(Array.from({ length: 1000 }, () => emptyMember)),
        endless: true,
        headers: { 'content-encoding': 'gzip' },
      });
      await failureOf(
        httpSource(t)
          .open(`${origin.url}/a`, openContext({ maxBytes: mebibyte }))
          .then(readOriginal),
        'SOURCE_TOO_LARGE',
      );
    },
  );
});

describe('truncated bodies are never whole', () => {
  originTest('a body shorter than its Content-Length', async (t, origin) => {
    for (const truncateAt of [0, 1, text.length - 1]) {
      origin.route('/a', { body: text, truncateAt });
      await failureOf(
        httpSource(t).open(`${origin.url}/a`, openContext()).then(readOriginal),
        'SOURCE_TRUNCATED',
      );
    }
  });

  originTest('a chunked body without its last chunk', async (t, origin) => {
    for (const truncateAt of [0, 100, text.length]) {
      origin.route('/a', { body: text, truncateAt, chunked: true });
      await failureOf(
        httpSource(t).open(`${origin.url}/a`, openContext()).then(readOriginal),
        'SOURCE_TRUNCATED',
      );
    }
  });

  originTest('broken chunk framing', async (t, origin) => {
    origin.route('/a', { raw: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nxyz\r\n' });
    await failureOf(
      httpSource(t).open(`${origin.url}/a`, openContext()).then(readOriginal),
      'SOURCE_TRUNCATED',
    );
  });

  originTest('a reset in the middle, whatever the framing', async (t, origin) => {
    origin.route('/length', { body: text, hang: 'mid-body', truncateAt: 100 });
    origin.route('/chunked', { body: text, hang: 'mid-body', truncateAt: 100, chunked: true });
    origin.route('/close', { raw: 'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello', hang: 'mid-body' });
    for (const target of ['/length', '/chunked', '/close']) {
      const answer = await httpSource(t).open(origin.url + target, openContext());
      assert.ok(answer.status === 'found' && 'stream' in answer.body);
      const { stream } = answer.body;
      const reading = (async () => {
        for await (const chunk of stream) if (chunk.length > 0) origin.resetConnections();
      })();
      await failureOf(reading, 'SOURCE_TRUNCATED');
    }
  });

  originTest(
    'a body that the end of the connection ends is whole: nothing says otherwise',
    async (t, origin) => {
      origin.route('/a', { raw: 'HTTP/1.0 200 OK\r\n\r\nhello' });
      assert.equal(
        String(await readOriginal(await httpSource(t).open(`${origin.url}/a`, openContext()))),
        'hello',
      );
    },
  );
});

describe('time limits', () => {
  originTest('a slow drip ends with the total time, and the socket is let go', async (t, origin) => {
    origin.route('/a', { body: text, drip: { bytes: 1, everyMs: 20 } });
    const source = httpSource(t, { timeoutSeconds: 0.3 });
    await failureOf(source.open(`${origin.url}/a`, openContext()).then(readOriginal), 'SOURCE_TIMEOUT');
    await origin.untilConnections(0);
  });

  originTest('no head in time', async (t, origin) => {
    origin.route('/a', { hang: 'head' });
    await failureOf(
      httpSource(t, { timeoutSeconds: 0.2 }).open(`${origin.url}/a`, openContext()),
      'SOURCE_TIMEOUT',
    );
    await failureOf(
      httpSource(t, { headersTimeoutSeconds: 0.2 }).open(`${origin.url}/a`, openContext()),
      'SOURCE_TIMEOUT',
    );
    await origin.untilConnections(0);
  });

  originTest('a pause in the body', async (t, origin) => {
    origin.route('/a', { body: text, hang: 'mid-body', truncateAt: 100 });
    const source = httpSource(t, { idleTimeoutSeconds: 0.2 });
    await failureOf(source.open(`${origin.url}/a`, openContext()).then(readOriginal), 'SOURCE_TIMEOUT');
    await origin.untilConnections(0);
  });

  originTest('redirects share one total time', async (t, origin) => {
    origin.route('/a', { redirect: '/a', delayMs: 100 });
    const source = httpSource(t, { timeoutSeconds: 0.35, maxRedirects: 1000 });
    await failureOf(source.open(`${origin.url}/a`, openContext()), 'SOURCE_TIMEOUT');
  });

  originTest('waiting for a connection counts', async (t, origin) => {
    origin.route('/hang', { hang: 'head' });
    const source = httpSource(t, { timeoutSeconds: 0.3, maxConnectionsPerHost: 1 });
    const both = [1, 2].map(() =>
      failureOf(source.open(`${origin.url}/hang`, openContext()), 'SOURCE_TIMEOUT'),
    );
    await Promise.all(both);
  });

  originTest('0 switches a limit off', async (t, origin) => {
    origin.route('/a', { body: 'x', delayMs: 50, bodyDelayMs: 50 });
    const source = httpSource(t, {
      timeoutSeconds: 0,
      connectTimeoutSeconds: 0,
      headersTimeoutSeconds: 0,
      idleTimeoutSeconds: 0,
    });
    assert.equal(String(await readOriginal(await source.open(`${origin.url}/a`, openContext()))), 'x');
  });
});

originTest('who stops reading early closes the connection', async (t, origin) => {
  origin.route('/a', { body: 'x'.repeat(60_000), endless: true });
  for (const encoding of [undefined, 'gzip'] as const) {
    origin.route('/a', {
      body: encoding === undefined ? text : gzipSync(text),
      endless: true,
      ...(encoding === undefined ? {} : { headers: { 'content-encoding': encoding } }),
    });
    const answer = await httpSource(t).open(`${origin.url}/a`, openContext());
    assert.ok(answer.status === 'found' && 'stream' in answer.body);
    for await (const chunk of answer.body.stream) {
      assert.ok(chunk.length > 0);
      break;
    }
    await origin.untilConnections(0);
  }
});
