import * as z from 'zod';

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
