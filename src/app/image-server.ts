import type { z } from 'zod';
import { checkConfig } from '../config/check.ts';
import type { PlaceCheck } from '../config/places.ts';
import { listSettings } from '../config/settings-tree.ts';
import type { Verify } from '../service/verify-request.ts';
import { placeChecks } from './place-problems.ts';
import type { ImageServer } from './server.ts';
import { createServer } from './server.ts';
import { type AppConfig, settingsSchema } from './settings.ts';

/** Settings as in a configuration file; whatever is absent has its default. docs/reference/configuration.md lists them. */
export type ImageServerSettings = z.input<typeof settingsSchema>;

/** Settings, and what only a program can bring. */
export interface ImageServerOptions extends ImageServerSettings {
  /**
   * Asked of every request for a picture and every upload, after all that its mount demands: only `true` lets it through.
   * What it throws counts as no, and is logged. Fixed answers (health, redirects) are given to everybody.
   */
  readonly verify?: Verify;
}

/**
 * pictor inside your own program. Neither the environment nor a file is read: what you give is all it knows.
 *
 *     const server = await createImageServer({
 *       server: { bind: '127.0.0.1:8080' },
 *       cache: { dir: '' },
 *       mounts: [{ dialect: 'imgproxy', prefix: '/images', settings: { keys: [{ key, salt }] } }],
 *     });
 *     const { server: address } = await server.listen();
 *     …
 *     await server.close();
 *
 * Instead of `listen`, hand requests of your own `node:http` server to `server.handle(request, response)`.
 * @throws ConfigError with every problem of the settings at once
 * @throws PictorError STORE_FAILED when a cache folder cannot be used
 */
export async function createImageServer(options: ImageServerOptions = {}): Promise<ImageServer> {
  const { verify, ...settings } = options;
  const config = await checkConfig({
    schema: settingsSchema,
    settings: listSettings(settingsSchema),
    raw: settings,
    chosen: new Map(),
    origins: new Map(),
    file: null,
    problems: [],
    places: { ...placeChecks, always: [alone, ...placeChecks.always] },
  });
  return createServer(config, { verify });
}

const alone: PlaceCheck<AppConfig> = ({ server: { processes } }) =>
  processes === 1
    ? []
    : [
        {
          path: 'server.processes',
          value: processes,
          message: 'a program starts its processes itself: here it is 1',
        },
      ];
