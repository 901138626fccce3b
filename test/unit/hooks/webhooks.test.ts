import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, type TestContext, test } from 'node:test';
import type { PictorEvent } from '../../../src/core/events.ts';
import { webhooksSettings } from '../../../src/hooks/settings.ts';
import { createWebhooks, type Webhooks } from '../../../src/hooks/webhooks.ts';
import { type Outbox, openOutbox } from '../../../src/outbox/outbox.ts';
import type { WebhookPlan } from '../../../src/request/webhook.ts';
import { eventually } from '../../support/eventually.ts';
import { freePort } from '../../support/pictor-process.ts';
import { startReceiver, type WebhookReceiver } from '../../support/webhook-receiver.ts';

type Told = Extract<PictorEvent, { type: 'webhook' }>;

interface Desk {
  readonly webhooks: Webhooks;
  readonly outbox: Outbox;
  readonly receiver: WebhookReceiver;
  readonly events: readonly PictorEvent[];
  told(): readonly Told[];
  /** An event whose message is this text. */
  tell(text: string): void;
  /** Everything that waits is due at once. */
  hasten(): void;
}

interface DeskOptions {
  readonly plan?: Partial<WebhookPlan>;
  readonly settings?: object;
  readonly outbox?: Outbox;
}

const message = (text: string) => JSON.stringify({ event: text });

async function openDesk(context: TestContext, options: DeskOptions = {}): Promise<Desk> {
  const receiver = await startReceiver();
  const outbox = options.outbox ?? (await openOutbox(''));
  const events: PictorEvent[] = [];
  const plan: WebhookPlan = {
    url: receiver.url,
    secret: '',
    timeoutSeconds: 30,
    userAgent: 'test/1',
    message: (event) =>
      event.type === 'variants-ready' ? { name: event.original, body: message(event.original) } : null,
    ...options.plan,
  };
  const webhooks = createWebhooks({
    plans: new Map([['m', plan]]),
    outbox,
    settings: webhooksSettings.parse(options.settings ?? {}),
    emit: (event) => void events.push(event),
    now: Date.now,
  });
  context.after(async () => {
    await receiver.close();
    await webhooks.close();
  });
  return {
    webhooks,
    outbox,
    receiver,
    events,
    told: () => events.filter((event) => event.type === 'webhook'),
    tell: (text) => webhooks.listen({ type: 'variants-ready', mount: 'm', bucket: '', original: text }),
    hasten: webhooks.start,
  };
}

const tellings = (desk: Desk) => desk.told().map(({ what, attempts }) => [what, attempts]);
const untilTold = (desk: Desk, count: number) =>
  eventually(`${count} outcomes`, () => desk.told().length >= count);

describe('a webhook', () => {
  test('gets a POST with JSON, named and unsigned where there is no secret', async (context) => {
    const desk = await openDesk(context);
    desk.tell('one');
    await untilTold(desk, 1);
    const [{ method, path, headers, body } = assert.fail('nothing came')] = desk.receiver.received;
    assert.deepEqual([method, path, body], ['POST', '/hook', '{"event":"one"}']);
    assert.equal(headers['content-type'], 'application/json');
    assert.equal(headers['user-agent'], 'test/1');
    assert.match(String(headers['x-webhook-id']), /^[0-9a-f-]{36}$/);
    assert.equal(headers['x-webhook-signature'], undefined);
    assert.equal(headers['x-webhook-timestamp'], undefined);
    assert.deepEqual(tellings(desk), [['delivered', 1]]);
    assert.deepEqual(desk.webhooks.waiting(), { m: { count: 0, oldestSeconds: 0 } });
  });

  test('gets what other mounts do not concern', async (context) => {
    const desk = await openDesk(context);
    desk.webhooks.listen({ type: 'variants-ready', mount: 'other', bucket: '', original: 'not this' });
    desk.webhooks.listen({ type: 'notice', level: 'info', message: 'nor this' });
    desk.tell('this');
    await untilTold(desk, 1);
    assert.deepEqual(
      desk.receiver.received.map(({ body }) => body),
      [message('this')],
    );
  });

  test('is tried again with the same body and a signature of its own', async (context) => {
    const desk = await openDesk(context, { plan: { secret: 'of mine' } });
    desk.receiver.script(500, 404);
    desk.tell('one');
    for (const count of [1, 2]) {
      await untilTold(desk, count);
      desk.hasten();
    }
    await untilTold(desk, 3);
    assert.deepEqual(tellings(desk), [
      ['postponed', 1],
      ['postponed', 2],
      ['delivered', 3],
    ]);
    for (const { body, headers } of desk.receiver.received) {
      assert.equal(body, message('one'));
      const signed = `${String(headers['x-webhook-timestamp'])}.${body}`;
      const expected = createHmac('sha256', 'of mine').update(signed).digest('hex');
      assert.equal(headers['x-webhook-signature'], `sha256=${expected}`);
    }
    assert.equal(new Set(desk.receiver.received.map(({ headers }) => headers['x-webhook-id'])).size, 1);
  });

  test('that always refuses is given up after three attempts', async (context) => {
    const desk = await openDesk(context);
    desk.receiver.script(500, 302, 400);
    desk.tell('one');
    for (const count of [1, 2]) {
      await untilTold(desk, count);
      desk.hasten();
    }
    await untilTold(desk, 3);
    assert.deepEqual(tellings(desk), [
      ['postponed', 1],
      ['postponed', 2],
      ['failed', 3],
    ]);
    assert.equal(desk.told().at(-1)?.detail, 'status 400');
    assert.deepEqual([...desk.outbox.waiting()], []);
  });

  test('that is not available is tried more often than one that refuses', async (context) => {
    const desk = await openDesk(context);
    desk.receiver.script(503, 429, 502, 504, 503);
    desk.tell('one');
    for (const count of [1, 2, 3, 4, 5]) {
      await untilTold(desk, count);
      desk.hasten();
    }
    await untilTold(desk, 6);
    assert.deepEqual(tellings(desk).at(-1), ['delivered', 6]);
    const notices = desk.events.filter((event) => event.type === 'notice').map((event) => event.message);
    assert.deepEqual(notices, ['webhook endpoint is away: deliveries wait', 'webhook endpoint is back']);
  });

  test('that hangs is given up for now', async (context) => {
    const desk = await openDesk(context, { plan: { timeoutSeconds: 0.2 } });
    desk.receiver.script(0);
    desk.tell('one');
    await untilTold(desk, 1);
    assert.deepEqual(desk.told()[0]?.detail, 'no answer within 0.2 s');
    desk.hasten();
    await untilTold(desk, 2);
    assert.deepEqual(tellings(desk), [
      ['postponed', 1],
      ['delivered', 2],
    ]);
  });

  test('that nobody listens for is waited for; what waited longest goes out when it is back', async (context) => {
    const port = await freePort();
    const desk = await openDesk(context, { plan: { url: `http://127.0.0.1:${port}/hook` } });
    desk.tell('one');
    for (const count of [1, 2, 3]) {
      await untilTold(desk, count);
      if (count < 3) desk.hasten();
    }
    assert.equal(desk.told().at(-1)?.detail, 'ECONNREFUSED');
    assert.deepEqual(tellings(desk).at(-1), ['postponed', 3]);
    const late = await startReceiver(port);
    context.after(() => late.close());
    desk.tell('two');
    await late.until(2);
    assert.deepEqual(late.received.map(({ body }) => body).toSorted(), [message('one'), message('two')]);
  });

  test('is followed where a redirect keeps the body and the host, and nowhere else', async (context) => {
    const desk = await openDesk(context);
    desk.receiver.script({ status: 308, location: '/hook/' });
    desk.tell('near');
    await untilTold(desk, 1);
    assert.deepEqual(tellings(desk), [['delivered', 1]]);
    assert.deepEqual(
      desk.receiver.received.map(({ path, body }) => [path, body]),
      [
        ['/hook', message('near')],
        ['/hook/', message('near')],
      ],
    );
    const far = await startReceiver();
    context.after(() => far.close());
    desk.receiver.script({ status: 307, location: `http://localhost:${far.port}/` });
    desk.tell('far');
    await untilTold(desk, 2);
    assert.equal(desk.told()[1]?.detail, 'status 307');
    assert.deepEqual(far.received, []);
  });

  test('gets user name and password of its URL as basic authentication', async (context) => {
    const receiver = await startReceiver();
    context.after(() => receiver.close());
    const desk = await openDesk(context, {
      plan: { url: receiver.url.replace('http://', 'http://me:p%40ss@') },
    });
    desk.tell('one');
    await receiver.until(1);
    assert.equal(receiver.received[0]?.headers['authorization'], `Basic ${btoa('me:p@ss')}`);
  });

  test('gets so many requests at a time and no more', async (context) => {
    const desk = await openDesk(context, { settings: { concurrency: 2 } });
    desk.receiver.script(0, 0);
    for (const text of ['a', 'b', 'c']) desk.tell(text);
    await desk.receiver.until(2);
    // The third is not even taken from the outbox.
    assert.equal(desk.outbox.take('m', { now: Date.now(), until: Date.now(), limit: 10 }).length, 1);
  });

  test('with too much to wait for gets no more, and that is told', async (context) => {
    const desk = await openDesk(context, { settings: { maxPending: 2, concurrency: 1 } });
    desk.receiver.script(0);
    for (const text of ['a', 'b', 'c']) desk.tell(text);
    assert.deepEqual(
      desk.told().map(({ what, event, detail }) => ({ what, event, detail })),
      [{ what: 'dropped', event: 'c', detail: '2 deliveries wait already' }],
    );
    assert.equal(desk.webhooks.waiting()['m']?.count, 2);
  });

  test('never keeps from its work whoever tells it: an outbox that cannot be written is an outcome', async (context) => {
    const outbox = await openOutbox('');
    const broken: Outbox = {
      ...outbox,
      add() {
        throw new Error('disk full');
      },
    };
    const desk = await openDesk(context, { outbox: broken });
    desk.tell('one');
    assert.deepEqual(tellings(desk), [['dropped', 0]]);
  });

  test('what nobody could deliver in its time is given up, also of mounts that are no more', async (context) => {
    const outbox = await openOutbox('');
    const body = JSON.stringify({ id: '', body: '' });
    outbox.add({ lane: 'gone', label: 'old', body, now: Date.now() - 90_000_000 });
    outbox.add({ lane: 'gone', label: 'new', body, now: Date.now() });
    const desk = await openDesk(context, { outbox });
    desk.webhooks.start();
    assert.deepEqual(
      desk.told().map(({ mount, event, what }) => ({ mount, event, what })),
      [{ mount: 'gone', event: 'old', what: 'failed' }],
    );
    assert.equal(desk.webhooks.waiting()['gone']?.count, 1);
  });

  test('what is under way when the server stops is ended, or tried anew by the next', async (context) => {
    const receiver = await startReceiver();
    context.after(() => receiver.close());
    const outbox = await openOutbox('');
    const kept: Outbox = { ...outbox, close: async () => {} };
    const desk = await openDesk(context, { outbox: kept, plan: { url: receiver.url } });
    receiver.script(0);
    desk.tell('one');
    await receiver.until(1);
    await desk.webhooks.close();
    assert.deepEqual(desk.told(), []);
    const [entry] = outbox.take('m', { now: Date.now(), until: Date.now(), limit: 1 });
    assert.deepEqual([entry?.label, entry?.tries], ['one', 0]);
  });
});
