import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

/** Both halves together. With less, hits cost more: objects of a request do not die before the next collection. */
const youngBytes = 16 * 1024 * 1024;
const lookEveryMs = 500;

/**
 * By how much the space for old objects, with the bytes of pictures that hang on them, may grow until the next collection, in
 * percent. A memory cache that is full turns old bytes into garbage with every picture it takes; left to itself, V8 lets
 * several times of what is in use pile up first.
 */
const oldGrowth = 30;

/**
 * Keeps V8 from taking memory for garbage alone. On machines with much of it V8 lets its space for young objects grow to 128 MB
 * as requests go by; here it stays at 16 MB. The sizes themselves can only be set on the command line of node, which is not
 * ours when somebody types `pictor`; the factors by which they grow can be set while it runs.
 */
export function boundHeap(): void {
  setFlagsFromString(`--heap-growing-percent=${oldGrowth}`);
  const timer = setInterval(() => {
    const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
    if (young !== undefined && young.space_size < youngBytes) return;
    setFlagsFromString('--semi-space-growth-factor=1');
    clearInterval(timer);
  }, lookEveryMs).unref();
}
