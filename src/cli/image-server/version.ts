import { packageVersion } from '../../app/package-files.ts';
import type { Command } from '../command.ts';

/** `pictor image-server version`: three lines as the original has them. A package knows no commit and no time of its build. */
export const imageServerVersion: Command = async ({ print }) => {
  print(`images version [${packageVersion()}]\ngit hash []\nbuild timestamp []\n`);
  return 0;
};
