import { lstat } from 'node:fs/promises';

/** True for a process of this machine that lives, whoever it belongs to: what bears its id is no leftover. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** Anyone can make a folder with our kind of name in a shared place: a link, or somebody else's, is left alone. */
export async function isOwnFolder(folder: string): Promise<boolean> {
  const facts = await lstat(folder).catch(() => null);
  return facts?.isDirectory() === true && facts.uid === (process.getuid?.() ?? facts.uid);
}
