// Generated from the folders beside this file by `npm run gen`.

/** Loads a dialect, with the schema of its mounts' settings: a start waits only for those that are spoken. */
export const dialectLoaders = {
  'image-server': async () => {
    const [{ imageServer }, { imageServerSettings }] = await Promise.all([
      import('./image-server/dialect.ts'),
      import('./image-server/settings.ts'),
    ]);
    return { dialect: imageServer, settings: imageServerSettings };
  },
  imageproxy: async () => {
    const [{ imageproxy }, { imageproxySettings }] = await Promise.all([
      import('./imageproxy/dialect.ts'),
      import('./imageproxy/settings.ts'),
    ]);
    return { dialect: imageproxy, settings: imageproxySettings };
  },
  imgproxy: async () => {
    const [{ imgproxy }, { imgproxySettings }] = await Promise.all([
      import('./imgproxy/dialect.ts'),
      import('./imgproxy/settings.ts'),
    ]);
    return { dialect: imgproxy, settings: imgproxySettings };
  },
  s3imageserver: async () => {
    const [{ s3imageserver }, { s3imageserverSettings }] = await Promise.all([
      import('./s3imageserver/dialect.ts'),
      import('./s3imageserver/settings.ts'),
    ]);
    return { dialect: s3imageserver, settings: s3imageserverSettings };
  },
  vip: async () => {
    const [{ vip }, { vipSettings }] = await Promise.all([
      import('./vip/dialect.ts'),
      import('./vip/settings.ts'),
    ]);
    return { dialect: vip, settings: vipSettings };
  },
} as const;

/** Name of a URL language that a mount can speak. */
export type DialectName = keyof typeof dialectLoaders;

/** A dialect with the schema of its mounts' settings. */
export type LoadedDialect<Name extends DialectName = DialectName> = Awaited<
  ReturnType<(typeof dialectLoaders)[Name]>
>;
