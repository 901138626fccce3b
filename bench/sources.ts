import { appendFileSync, copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import sharp from 'sharp';
import type { Bench } from './scenarios/jobs.ts';

/** Sizes of the pictures, by file name. */
const sizes = {
  'tiny.jpg': [400, 300],
  '2mp.jpg': [1600, 1250],
  '8mp.jpg': [3264, 2448],
  '12mp.jpg': [4000, 3000],
  '24mp.jpg': [6000, 4000],
} as const;

/**
 * Photo-like pictures made here, so that anyone can run the suite: several octaves of smooth noise, and the grain of a sensor
 * in every pixel's lightness. They stand for what the bounds were set with, photos pieced together of crops in their full
 * resolution: at quality 88 they have 4 bits per pixel, as the heavier files of cameras do, and decoding them, reducing them and
 * encoding what comes of that take what those take, within a tenth of it.
 */
export async function makeSources(dir: string): Promise<Bench['sources']> {
  mkdirSync(dir, { recursive: true });
  for (const [name, [width, height]] of Object.entries(sizes)) await write(join(dir, name), width, height);
  return {
    dir,
    tiny: 'tiny.jpg',
    small: '2mp.jpg',
    eight: '8mp.jpg',
    twelve: '12mp.jpg',
    twentyFour: '24mp.jpg',
    copies: (source, count) =>
      Array.from({ length: count }, (_, index) =>
        copy(dir, source, `${basename(source, '.jpg')}-${index}.jpg`),
      ),
  };
}

/** Height of a picture of the suite, or of a copy of one, at a width. */
export function heightOf(source: string, width: number): number {
  const [wide, high] = sizes[`${source.replace(/(?:-\d+)?\.jpg$/, '')}.jpg` as keyof typeof sizes];
  return Math.round((width * high) / wide);
}

/** Bytes behind the end of a JPEG are nobody's business, but for its hash. */
function copy(dir: string, source: string, name: string): string {
  const file = join(dir, name);
  if (existsSync(file)) return name;
  copyFileSync(join(dir, source), file);
  appendFileSync(file, name);
  return name;
}

async function write(path: string, width: number, height: number): Promise<void> {
  if (existsSync(path)) return;
  const pixels = await picture(width, height);
  await sharp(pixels, { raw: { width, height, channels: 3 } })
    .jpeg({ quality: 88 })
    .toFile(path);
}

/** Of lightness, at most, to either side. */
const grain = 40;

/** Layers of random dots, each scaled up smoothly from a coarser grid and added with less weight. */
async function picture(width: number, height: number): Promise<Buffer> {
  const random = generator(12_345);
  const sum = new Float32Array(width * height * 3);
  for (const [cell, weight] of [
    [512, 0.42],
    [96, 0.24],
    [24, 0.14],
    [6, 0.08],
    [2, 0.08],
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
  return withGrain(sum, width, random);
}

/** Grain as a camera's sharpening leaves it: each dot against its neighbours, so that it is gone once the picture is reduced. */
function withGrain(smooth: Float32Array, width: number, random: () => number): Buffer {
  const noise = new Int16Array(smooth.length / 3).map(() => ((random() >> 3) % (2 * grain + 1)) - grain);
  const pixels = Buffer.alloc(smooth.length);
  const around = [-1, 1, -width, width] as const;
  for (const [at, own] of noise.entries()) {
    const neighbours = around.reduce((sum, step) => sum + (noise[at + step] ?? 0), 0);
    const light = own - neighbours / around.length;
    for (let index = at * 3; index < at * 3 + 3; index++)
      pixels[index] = Math.max(0, Math.min(255, smooth[index]! + light));
  }
  return pixels;
}

function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return state >> 12;
  };
}
