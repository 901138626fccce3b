import * as z from 'zod';
import { byteSize, count, seconds, secretText } from '../../../src/core/settings.ts';

/** A tree with every kind of setting, for the tests of this folder. */
export const sampleSchema = z.strictObject({
  server: z
    .strictObject({
      bind: z.string().default('127.0.0.1:8080').describe('Address and port.'),
      timeoutSeconds: seconds(10).describe('Patience.'),
      maxHeaderBytes: byteSize('16KiB').describe('Bytes of a header.'),
      compress: z.boolean().default(false).describe('Compress bodies.'),
      workers: z
        .union([z.number().int().min(1), z.literal('auto')])
        .default('auto')
        .describe('Processes.'),
      admin: z
        .union([z.literal(''), z.string().min(3)])
        .default(':81')
        .describe('Empty: nowhere.'),
      level: z.enum(['info', 'warn']).default('info').describe('How much to say.'),
      hosts: z.array(z.string()).default([]).describe('Names.'),
      ports: z.array(z.number().int()).default([1, 2]).describe('Numbers.'),
      tls: z
        .strictObject({ certFile: z.string().default(''), keyFile: z.string().default('') })
        .refine(
          ({ certFile, keyFile }) => (certFile === '') === (keyFile === ''),
          'certFile and keyFile go together',
        )
        .prefault({}),
    })
    .prefault({})
    .describe('The door.'),
  cache: z
    .strictObject({
      dir: z.string().default('').describe('Folder.'),
      memory: byteSize('64MiB').describe('Bytes held.'),
      entries: count(3, 1).describe('How many.'),
      password: secretText().optional().describe('Word that nobody sees.'),
    })
    .prefault({}),
  mounts: z
    .array(
      z.discriminatedUnion('dialect', [
        z.strictObject({
          dialect: z.literal('one'),
          prefix: z.string(),
          settings: z.strictObject({ key: secretText().default(''), quality: count(80, 1) }).prefault({}),
        }),
        z.strictObject({ dialect: z.literal('two'), prefix: z.string() }),
      ]),
    )
    .default([])
    .describe('Where what is answered.'),
});
