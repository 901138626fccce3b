import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a client sent. */
export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly contentType: string | undefined;
  readonly body: Buffer;
}

interface FixedAnswer {
  readonly status: number;
  readonly body: string;
}

/** Answers as an image-server does, without a look at the pictures: for clients, whose part is the talking. */
export interface FakeImageServer {
  readonly url: string;
  readonly seen: SeenRequest[];
  /** Given to the next request in place of its answer. */
  answerNext(answer: FixedAnswer): void;
  /** Shown at `/`. */
  page: string;
  /** Shown at `/client.js`. */
  script: string;
  close(): Promise<void>;
}

function factsOf(hash: string, type: string): string {
  const facts = { hash, height: 600, width: 800, content_type: type };
  return `${JSON.stringify(facts, null, 2)}\n`;
}

export async function startFakeImageServer(): Promise<FakeImageServer> {
  const seen: SeenRequest[] = [];
  const answers: FixedAnswer[] = [];

  function answerFor({ method, url, body, contentType }: SeenRequest): FixedAnswer {
    const [path = ''] = url.split('?');
    const hash = path.split('/').slice(2, 6).join('');
    if (method === 'GET') return { status: 200, body: factsOf(hash, 'image/jpeg') };
    if (path.endsWith('/process')) return { status: 200, body: '' };
    if (hash !== '') return { status: 200, body: '{}\n' };
    const md5 = createHash('md5').update(body).digest('hex');
    return { status: 200, body: factsOf(md5, contentType ?? 'image/jpeg') };
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '', headers } = request;
    const own = { '/': ['text/html', fake.page], '/client.js': ['text/javascript', fake.script] }[url];
    if (own !== undefined) {
      response.setHeader('Content-Type', `${own[0]}; charset=utf-8`).end(own[1]);
      return;
    }
    const body = Buffer.concat(await Array.fromAsync(request as AsyncIterable<Buffer>));
    const one = { method, url, contentType: headers['content-type'], body };
    seen.push(one);
    const { status, body: text } = answers.shift() ?? answerFor(one);
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(text);
  }

  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const fake: FakeImageServer = {
    url: `http://127.0.0.1:${port}`,
    seen,
    answerNext: (one) => answers.push(one),
    page: '',
    script: '',
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return fake;
}
