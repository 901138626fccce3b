import type { BatchOutcome } from '../../app/batch.ts';
import type { PictorError } from '../../core/errors.ts';
import type { CommandCall } from '../command.ts';

/** Tells of a batch as it goes. */
export interface BatchReport {
  /** One line per picture, and on a terminal how far it has come. */
  tell(file: string, outcome: BatchOutcome): void;
  /** Ends the line that moves, and sums up. */
  finish(ending: 'done' | 'stopped' | 'broken-off'): void;
  failures(): number;
}

/** Milliseconds between two pictures of the line that moves. */
const redrawEvery = 100;

const erase = '\r\u001B[K';

/** @param total pictures there are; null: not known, no progress is shown */
export function createBatchReport(
  { print, complain, errorColumns: columns }: Pick<CommandCall, 'print' | 'complain' | 'errorColumns'>,
  total: number | null,
): BatchReport {
  const began = performance.now();
  const counts = { pictures: 0, made: 0, ready: 0, failed: 0 };
  const moves = columns !== null && total !== null;
  let drawnAt = Number.NEGATIVE_INFINITY;
  let isDrawn = false;

  const seconds = () => (performance.now() - began) / 1000;
  const done = () => counts.pictures + counts.failed;

  function wipe(): void {
    if (isDrawn) complain(erase);
    isDrawn = false;
  }

  function draw(): void {
    if (!moves || performance.now() - drawnAt < redrawEvery) return;
    drawnAt = performance.now();
    isDrawn = true;
    const share = total === 0 ? 100 : Math.floor((done() / total) * 100);
    const pace = `${(done() / Math.max(seconds(), 0.001)).toFixed(1)}/s`;
    const failed = counts.failed === 0 ? '' : `, ${counts.failed} failed`;
    complain(
      `${erase}${done()} of ${total} (${share} %), ${pace}${failed}`.slice(0, erase.length + columns - 1),
    );
  }

  return {
    tell(file, outcome) {
      wipe();
      if ('error' in outcome) {
        counts.failed += 1;
        complain(`${oneLine(file)}: ${oneLine(reasonOf(outcome.error))}\n`);
      } else {
        const { hash, width, height, made, ready } = outcome.result;
        counts.pictures += 1;
        counts.made += made;
        counts.ready += ready;
        // The second column is the URL a picture was taken from: these are files.
        print(`${hash}\t\t${width}\t${height}\n`);
      }
      draw();
    },
    finish(ending) {
      wipe();
      const { pictures, made, ready, failed } = counts;
      const words = { done: '', stopped: 'stopped: ', 'broken-off': 'broken off: ' }[ending];
      const again = ending === 'done' ? '' : '; run it again to go on';
      complain(
        `${words}${count(pictures, 'image')}, ${count(made, 'variant')} made, ${ready} there already, ${failed} failed, ` +
          `${seconds().toFixed(1)} s${again}\n`,
      );
    },
    failures: () => counts.failed,
  };
}

/** How a worker ended (`SIGKILL`) says nothing by itself. */
function reasonOf({ code, reason, detail, message }: PictorError): string {
  const why = reason ?? detail;
  if (why === undefined) return message;
  return code.startsWith('WORKER_') ? `${message}: ${why}` : why;
}

/** A file may be called anything: a name must not move the cursor, nor look like another line. */
const oneLine = (text: string): string => text.trim().replaceAll(/\p{Cc}+/gu, ' ');

const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? '' : 's'}`;
