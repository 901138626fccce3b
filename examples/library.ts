/**
 * pictor inside a program of your own: pictures below /images, everything else as you like. Run it with
 *
 *   npx node examples/library.ts
 */
import { createServer } from 'node:http';
import { env } from 'node:process';
import { createImageServer } from '../src/index.ts'; // elsewhere: from 'pictor'

const images = await createImageServer({
  sources: { file: { root: 'samples' } },
  cache: { dir: '' },
  log: { level: 'warn' },
  mounts: [{ dialect: 'imgproxy', prefix: '/images', settings: { ttlSeconds: 3600 } }],
});

const page =
  '<img src="/images/unsafe/rs:fill:320:210/plain/local:///dawn.jpg@webp" width="320" height="210">';

const app = createServer((request, response) => {
  if (request.url?.startsWith('/images/')) void images.handle(request, response);
  else response.setHeader('Content-Type', 'text/html; charset=utf-8').end(page);
});

app.listen(Number(env['PORT'] ?? 3000), '127.0.0.1', () => console.log('listening', app.address()));

// First the requests in flight, then what they need.
const stop = () => app.close(() => void images.close());
process.once('SIGTERM', stop).once('SIGINT', stop);
