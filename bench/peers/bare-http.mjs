/**
 * The floor for hits: node:http with a body in memory and headers prepared once. Arguments: a port, the body's size in
 * bytes, and `sharp` to load it as well (the floor for starting).
 */
import { createServer } from 'node:http';

const [port, size, extra] = process.argv.slice(2);
if (extra === 'sharp') {
  const { default: sharp } = await import('sharp');
  sharp.concurrency(1);
}
const body = Buffer.alloc(Number(size), 120);
const headers = [
  'Content-Type',
  'image/webp',
  'Content-Length',
  String(body.length),
  'Cache-Control',
  'max-age=3600, public',
  'ETag',
  '"abc"',
];
createServer((_request, response) => {
  response.writeHead(200, headers);
  response.end(body);
}).listen(Number(port), '127.0.0.1');
