import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';

/**
 * Photo-like pictures made here, so that anyone can run the suite: several octaves of smooth noise with edges and fine
 * grain, which cost an entropy decoder about what camera files cost (3-5 bits per pixel at quality 88).
 */
export interface BenchSources {
  readonly dir: string;
  readonly small: string;
  readonly twelve: string;
  readonly twentyFour: string;
}

export async function makeSources(dir: string): Promise<BenchSources> {
  mkdirSync(dir, { recursive: true });
  const small = '2mp.jpg';
  const twelve = '12mp.jpg';
  const twentyFour = '24mp.jpg';
  await write(join(dir, small), 1600, 1250);
  await write(join(dir, twelve), 4000, 3000);
  await write(join(dir, twentyFour), 6000, 4000);
  return { dir, small, twelve, twentyFour };
}

async function write(path: string, width: number, height: number): Promise<void> {
  if (existsSync(path)) return;
  const pixels = await picture(width, height);
  await sharp(pixels, { raw: { width, height, channels: 3 } })
    .jpeg({ quality: 88 })
    .toFile(path);
}

/** Layers of random dots, each scaled up smoothly from a coarser grid and added with less weight. */
async function picture(width: number, height: number): Promise<Buffer> {
  const random = generator(12_345);
  const sum = new Float32Array(width * height * 3);
  for (const [cell, weight] of [
    [512, 0.42],
    [96, 0.24],
    [24, 0.14],
    [6, 0.08],
    [2, 0.05],
  ] as const) {
    const columns = Math.ceil(width / cell) + 1;
    const rows = Math.ceil(height / cell) + 1;
    const dots = Buffer.alloc(columns * rows * 3);
    for (let index = 0; index < dots.length; index++) dots[index] = random() & 255;
    const layer = await sharp(dots, { raw: { width: columns, height: rows, channels: 3 } })
      .resize(width, height, { fit: 'fill', kernel: cell > 50 ? 'cubic' : 'mitchell' })
      .raw()
      .toBuffer();
    for (let index = 0; index < sum.length; index++) sum[index]! += layer[index]! * weight;
  }
  const pixels = Buffer.alloc(sum.length);
  for (let index = 0; index < sum.length; index++)
    pixels[index] = Math.min(255, sum[index]! + (random() & 7));
  return pixels;
}

function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return state >> 12;
  };
}
