/** The smallest image server there can be, to show how one is measured: `tiny-sharp.ts {port} {folder}`. */
import { createServer } from 'node:http';
import { basename, join } from 'node:path';
import sharp from 'sharp';

const [port, folder = ''] = process.argv.slice(2);
sharp.concurrency(1);

createServer((request, response) => {
  const [, width, format = 'jpeg', file = ''] = (request.url ?? '').split('/');
  if (file === '') {
    response.end('ready');
    return;
  }
  sharp(join(folder, basename(file)))
    .autoOrient()
    .resize(Number(width))
    .toFormat(format as 'jpeg')
    .toBuffer()
    .then(
      (body) => response.writeHead(200, { 'Content-Type': `image/${format}` }).end(body),
      () => response.writeHead(404).end(),
    );
}).listen(Number(port), '127.0.0.1');
