import * as z from 'zod';
import { count } from '../core/settings.ts';

/** What is written to standard output. */
export const logSettings = z.strictObject({
  level: z
    .enum(['debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .describe('Least important lines that are written.'),
  format: z
    .enum(['json', 'pretty'])
    .default('json')
    .describe('json: one object per line. pretty: for people, and the default at a terminal.'),
});
export type LogSettings = z.infer<typeof logSettings>;

/** Counts sent away by UDP. */
export const statsdSettings = z.strictObject({
  enabled: z
    .boolean()
    .default(false)
    .describe('Send what mounts that speak image-server do, under the names that server gave it.'),
  host: z.string().min(1).default('127.0.0.1').describe('Host of the StatsD server.'),
  port: count(8125, 1).describe('UDP port of the StatsD server.'),
  prefix: z
    .string()
    .default('image_server.')
    .describe('Put before every name. %HOST% stands for the name of this host.'),
});
export type StatsdSettings = z.infer<typeof statsdSettings>;
