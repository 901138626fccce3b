/** Pictures that vector files describe in words, so that runners in any language can make them. */
import { copyFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { repositoryRoot } from './repository.ts';

interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly colour: string;
}

/**
 * What a fixture is: a file of test/fixtures (`copy`), a text file (`text`), boxes on a ground (`ground`, `boxes`), the
 * place of each pixel as its red and green (`coordinates`), or else something to look at in every corner.
 */
export interface Fixture {
  readonly name: string;
  readonly copy?: string;
  readonly text?: string;
  readonly width?: number;
  readonly height?: number;
  readonly format?: 'png' | 'jpeg' | 'gif' | 'webp';
  /** Side lengths are those of the file, before it is turned. */
  readonly orientation?: number;
  readonly alpha?: boolean;
  readonly coordinates?: boolean;
  /** PNG with a palette. */
  readonly palette?: boolean;
  /** Hexadecimal digits, with alpha where there are eight. */
  readonly ground?: string;
  readonly boxes?: readonly Box[];
}

/** Writes the fixture into the folder. */
export async function drawFixture(folder: string, fixture: Fixture): Promise<void> {
  const { name, copy, text, orientation, format = 'png', palette = false } = fixture;
  const file = path.join(folder, name);
  if (copy !== undefined) return copyFile(path.join(repositoryRoot, 'test/fixtures', copy), file);
  if (text !== undefined) return writeFile(file, text);
  const drawn = fixture.ground === undefined ? everyCorner(fixture) : boxes(fixture, fixture.ground);
  const oriented = orientation === undefined ? drawn : drawn.withMetadata({ orientation });
  await writeFile(file, await oriented.toFormat(format, palette ? { palette } : {}).toBuffer());
}

/** Every crop of it has an answer of its own. */
function everyCorner({ width = 1, height = 1, alpha = false, coordinates = false }: Fixture): Sharp {
  const channels = alpha ? 4 : 3;
  const pixels = Buffer.alloc(width * height * channels);
  for (let at = 0; at < width * height; at++) {
    const [x, y] = [at % width, Math.floor(at / width)];
    const colour = coordinates ? [x, y, 0] : [(255 * x) / width, (255 * y) / height, (x * y) % 251];
    pixels.set([...colour, ...(alpha ? [x % 256] : [])], at * channels);
  }
  return sharp(pixels, { raw: { width, height, channels } });
}

function boxes({ width = 1, height = 1, alpha = false, boxes: shown = [] }: Fixture, ground: string): Sharp {
  const channels = alpha ? 4 : 3;
  const pixels = Buffer.alloc(width * height * channels);
  for (const box of [{ left: 0, top: 0, width, height, colour: ground }, ...shown]) {
    const colour = Buffer.from(box.colour.padEnd(8, 'f'), 'hex').subarray(0, channels);
    for (let y = box.top; y < box.top + box.height; y++)
      for (let x = box.left; x < box.left + box.width; x++) pixels.set(colour, (y * width + x) * channels);
  }
  return sharp(pixels, { raw: { width, height, channels } });
}
