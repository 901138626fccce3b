import { createPurgeFollower } from '../../service/purge-follower.ts';
import type { Answers, Channel } from './channel.ts';
import type { Attached, Peers } from './peers.ts';
import type { PrimaryQuestions, ServingQuestions } from './questions.ts';
import { createRunOnce } from './run-once.ts';
import type { Place } from './share.ts';

/** What is answered by the parts of the server, as soon as there are any. */
type PartsAnswers = Pick<
  Answers<ServingQuestions>,
  'metrics' | 'purged' | 'sweep' | 'changed' | 'objectChanged' | 'disown' | 'settled'
>;

/** The peers of a process that serves, and what it answers them. */
export function createServingPeers(
  primary: Channel<PrimaryQuestions>,
  { index, count }: Place,
): Peers & { readonly answers: PartsAnswers } {
  let attached: Attached | null = null;
  const marks = createPurgeFollower({
    lines: () => primary.ask('purges'),
    set: (scope) => primary.ask('setPurge', scope),
    swept: (at) => primary.ask('swept', at),
  });
  return {
    count,
    isFirst: index === 0,
    runOnce: createRunOnce(primary),
    async openPurges() {
      await marks.begin();
      return marks;
    },
    page: (name) => primary.ask('page', name),
    objectChanged: (key) => primary.tell('objectChanged', key),
    disown: (object) => primary.ask('disown', object),
    settled: (uris) => primary.ask('settled', uris),
    attach(parts) {
      attached = parts;
    },
    // Before everything is put together there is nothing that could be out of date.
    answers: {
      metrics: async (page) => attached?.metrics(page) ?? [],
      purged: (mark) => marks.hear(mark),
      sweep: async () => attached?.sweepMemory(),
      changed: (key) => attached?.forgetVariant(key),
      objectChanged: (key) => attached?.forgetObject(key),
      disown: async (object) => attached?.disown(object),
      settled: async (uris) => attached?.settled(uris),
    },
  };
}
