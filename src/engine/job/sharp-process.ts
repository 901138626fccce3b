import sharp from 'sharp';
import { formats } from '../../formats/index.gen.ts';

/**
 * Sets sharp up, once per process. libvips may load nothing but the formats pictor names, whatever the bytes or the file
 * name say: the rest (PDF, ImageMagick, OpenSlide, MAT, FITS, …) is blocked inside libvips. One thread per job, because
 * there is one job per processor; no cache, because a file may change. libvips' own format is let in for mezzanines, which
 * we wrote; originals are told apart by their first bytes before libvips sees them, and none is let in as that.
 */
export function setUpSharp(): void {
  sharp.concurrency(1);
  sharp.cache(false);
  const loaders = Object.values(formats).flatMap(({ read }) => (read?.by === 'libvips' ? read.loaders : []));
  sharp.block({ operation: ['VipsForeignLoad'] });
  sharp.unblock({ operation: [...new Set([...loaders, 'VipsForeignLoadVips'])] });
}
