import type * as z from 'zod';
import { dialectNames, loadDialects } from './dialects.ts';
import { settingsFor } from './settings-for.ts';

await loadDialects();

/** Every setting of pictor, with those of all dialects: for whoever shows them, or cannot know which are needed. */
export const settingsSchema = settingsFor(dialectNames);

/** The whole configuration, checked, with every default filled in. */
export type AppConfig = z.output<ReturnType<typeof settingsFor>>;
