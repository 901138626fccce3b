/**
 * The floor for uploads: node:http that puts each body into a folder so that it is there after a loss of power, and does
 * nothing else. `bare-upload.mjs {port} {folder}`.
 */
import { randomUUID } from 'node:crypto';
import { open, rename } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';

const [port, folder] = process.argv.slice(2);

async function flushed(path, flags, work = async () => {}) {
  const file = await open(path, flags);
  try {
    await work(file);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function keep(bytes) {
  const name = join(folder, randomUUID());
  await flushed(`${name}.part`, 'wx', (file) => file.writeFile(bytes));
  await rename(`${name}.part`, name);
  await flushed(folder, 'r');
}

createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    void keep(Buffer.concat(chunks)).then(() => response.writeHead(201).end());
  });
}).listen(Number(port), '127.0.0.1');
