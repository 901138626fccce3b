import { legacyDefaults } from '../dialects/s3imageserver/legacy.ts';
import { s3imageserverUsage } from './s3imageserver-config.ts';

/** Defaults of `pictor s3imageserver` where they are not those of `pictor serve`, by path. */
export const s3imageserverDefaults = (): ReadonlyMap<string, unknown> =>
  new Map([...Object.entries(legacyDefaults), ['mounts', [{ prefix: '/…', dialect: 's3imageserver' }]]]);

/** The flag of s3imageserver, for help. */
export const s3imageserverNotes = (): string => `\n${s3imageserverUsage()}`;
