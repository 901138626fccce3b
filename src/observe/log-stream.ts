import { destination } from 'pino';

/** A reader of the log that hangs must not make the server grow: what does not fit into this many bytes is dropped. */
const mostWaiting = 16 * 1024 * 1024;

export type LogStream = ReturnType<typeof destination>;

/**
 * A stream of bytes into a file descriptor. Its listeners hear `write`, `drop`, `error` and `close`.
 * @param mostAtOnce bytes of one write; null: any number
 */
export const openLogStream = (fd: number, mostAtOnce: number | null): LogStream =>
  destination({
    dest: fd,
    sync: false,
    maxLength: mostWaiting,
    contentMode: 'buffer',
    ...(mostAtOnce === null ? {} : { maxWrite: mostAtOnce }),
  });
