import { fromWire, toWire } from './wire-failure.ts';

/** Questions by name: each takes one plain value and is answered with another, or refused with an error. */
export type Questions = Readonly<Record<string, (asked: never) => unknown>>;

/** Who answers them here. */
export type Answers<Asked extends Questions> = {
  readonly [Name in keyof Asked]: (
    ...asked: Parameters<Asked[Name]>
  ) => ReturnType<Asked[Name]> | Promise<ReturnType<Asked[Name]>>;
};

/** The line to another process: both sides ask and answer. Values are plain (structured clone). */
export interface Channel<Theirs extends Questions> {
  /** @throws the error the other side threw; the reason of `end` when the line is dead */
  ask<Name extends keyof Theirs & string>(
    name: Name,
    ...asked: Parameters<Theirs[Name]>
  ): Promise<ReturnType<Theirs[Name]>>;
  /** Says something and does not want to hear what comes of it. In order with all other messages. */
  tell<Name extends keyof Theirs & string>(name: Name, ...asked: Parameters<Theirs[Name]>): void;
  /** What the other side has sent. */
  hear(message: unknown): void;
  /** The other side is gone: whoever waits for an answer is told so. */
  end(reason: Error): void;
}

type Message =
  | { readonly ask: string; readonly id: number; readonly value: unknown }
  | { readonly answer: number; readonly value: unknown }
  | { readonly answer: number; readonly failure: ReturnType<typeof toWire> };

/** Of a question whose answer nobody waits for. */
const nobody = 0;

export function createChannel<Theirs extends Questions, Ours extends Questions>(
  send: (message: Message) => void,
  answers: Answers<Ours>,
): Channel<Theirs> {
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  let asked = nobody;
  let ended: Error | null = null;

  async function answer(name: string, value: unknown): Promise<unknown> {
    const known = (answers as Readonly<Record<string, ((asked: unknown) => unknown) | undefined>>)[name];
    if (known === undefined) throw new Error(`nobody answers ${name}`);
    return known(value);
  }

  function hearQuestion({ ask, id, value }: Extract<Message, { ask: string }>): void {
    const reply = (message: Message) => {
      if (id !== nobody && ended === null) send(message);
    };
    answer(ask, value).then(
      (said) => reply({ answer: id, value: said }),
      (thrown: unknown) => reply({ answer: id, failure: toWire(thrown) }),
    );
  }

  return {
    ask(name, ...[value]) {
      if (ended !== null) return Promise.reject(ended);
      asked += 1;
      const result = Promise.withResolvers<unknown>();
      waiting.set(asked, result);
      send({ ask: name, id: asked, value });
      return result.promise as never;
    },
    tell(name, ...[value]) {
      if (ended === null) send({ ask: name, id: nobody, value });
    },
    hear(heard) {
      const message = heard as Message;
      if ('ask' in message) return hearQuestion(message);
      const result = waiting.get(message.answer);
      waiting.delete(message.answer);
      if ('failure' in message) result?.reject(fromWire(message.failure));
      else result?.resolve(message.value);
    },
    end(reason) {
      ended = reason;
      for (const { reject } of waiting.values()) reject(reason);
      waiting.clear();
    },
  };
}
