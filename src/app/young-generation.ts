import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

/** Both halves together. With less, hits cost more: objects of a request do not die before the next collection. */
const boundBytes = 16 * 1024 * 1024;
const lookEveryMs = 500;

/**
 * Keeps V8's space for young objects at 16 MB. On machines with much memory V8 lets it grow to 128 MB as requests go by,
 * for garbage alone. Its size can only be set on the command line of node, which is not ours when somebody types `pictor`;
 * the factor by which it grows can be set while it runs.
 */
export function boundYoungGeneration(): void {
  const timer = setInterval(() => {
    const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
    if (young !== undefined && young.space_size < boundBytes) return;
    setFlagsFromString('--semi-space-growth-factor=1');
    clearInterval(timer);
  }, lookEveryMs).unref();
}
