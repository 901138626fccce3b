// Generated from the folders beside this file by `npm run gen`.

import { imageproxy } from './imageproxy/dialect.ts';
import { imageproxySettings } from './imageproxy/settings.ts';
import { imgproxy } from './imgproxy/dialect.ts';
import { imgproxySettings } from './imgproxy/settings.ts';

/** Every dialect by name, with the schema of its mounts' settings. */
export const dialects = {
  imageproxy: { dialect: imageproxy, settings: imageproxySettings },
  imgproxy: { dialect: imgproxy, settings: imgproxySettings },
} as const;

/** Name of a URL language that a mount can speak. */
export type DialectName = keyof typeof dialects;
