import { createStaticFiles, type StaticFiles } from '../http/static-files.ts';
import { packageFile } from './package-files.ts';

/** Folder the page's samples are read from as `local:///…`, when no other is configured. */
export const samplesFolder = (): string => packageFile('samples');

/** The page at `/` and what it loads. Reads its files once. */
export const createLandingPage = (): StaticFiles =>
  createStaticFiles({
    folder: packageFile('playground'),
    files: {
      '/': 'index.html',
      '/playground/app.js': 'app.js',
      '/playground/image-url.js': 'image-url.js',
      '/playground/style.css': 'style.css',
      '/playground/logo.svg': 'logo.svg',
    },
  });
