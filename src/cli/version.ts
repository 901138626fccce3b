import { componentVersions } from '../app/versions.ts';
import type { Command } from './command.ts';

/** `pictor version` */
export const version: Command = async ({ print }) => {
  for (const [name, number] of Object.entries(componentVersions())) print(`${name} ${number}\n`);
  return 0;
};
