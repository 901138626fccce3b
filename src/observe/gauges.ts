import { Gauge, type Registry } from 'prom-client';

interface GateState {
  readonly active: number;
  readonly waiting: number;
}

interface EngineState {
  readonly workers: number;
  readonly busy: number;
  readonly rssBytes: number;
}

interface StoreState {
  /** Its name: memory, disk … */
  readonly store: string;
  /** The mount whose own cache it belongs to; absent: the cache of the server. */
  readonly mount?: string;
  readonly bytes: number;
  readonly entries: number;
}

interface WaitingState {
  readonly count: number;
  readonly oldestSeconds: number;
}

interface OwedState {
  readonly owed: number;
  readonly owedBytes: number;
  /** Epoch milliseconds; null: nothing is owed. */
  readonly oldest: number | null;
}

/** Present values, asked for when the metrics page is read. Each is a cheap call that does not fail. */
export interface Gauges {
  readonly connections?: () => number;
  /** By name of the gate: fetch, process. */
  readonly gates?: () => Readonly<Record<string, GateState>>;
  readonly engine?: () => EngineState;
  /** Pieces of work that wait until there is time. */
  readonly idle?: () => number;
  readonly stores?: () => readonly StoreState[];
  /** Objects a bucket elsewhere has not got yet; null: nothing is ever owed. */
  readonly owed?: () => OwedState | null;
  /** Deliveries that wait, by mount. */
  readonly webhooks?: () => Readonly<Record<string, WaitingState>>;
}

interface GaugeDefinition {
  readonly registry: Registry;
  readonly name: string;
  readonly help: string;
  /** What several processes come to. Absent: the sum. */
  readonly together?: 'max';
  /** Absent: `read` gives one value under the empty name. */
  readonly label?: string;
  readonly read: () => Readonly<Record<string, number>>;
}

function addGauge({ registry, name, help, label, together, read }: GaugeDefinition): void {
  const gauge = new Gauge({
    name,
    help,
    labelNames: label === undefined ? [] : [label],
    ...(together === undefined ? {} : { aggregator: together }),
    registers: [],
    collect() {
      this.reset();
      for (const [key, value] of Object.entries(read()))
        this.set(label === undefined ? {} : { [label]: key }, value);
    },
  });
  registry.registerMetric(gauge);
}

const pick = <T>(rows: Readonly<Record<string, T>>, value: (row: T) => number): Record<string, number> =>
  Object.fromEntries(Object.entries(rows).map(([key, row]) => [key, value(row)]));

type Add = (definition: Omit<GaugeDefinition, 'registry'>) => void;

/** Adds the gauges that have something to read. */
export function addGauges(registry: Registry, gauges: Gauges): void {
  const add: Add = (definition) => addGauge({ registry, ...definition });
  const { connections, gates, engine, idle, stores, owed, webhooks } = gauges;
  if (connections !== undefined) {
    add({
      name: 'pictor_connections',
      help: 'Open client connections.',
      read: () => ({ '': connections() }),
    });
  }
  if (gates !== undefined) addGates(add, gates);
  if (engine !== undefined) addEngine(add, engine);
  if (idle !== undefined) {
    add({
      name: 'pictor_idle_waiting',
      help: 'Pieces of work that wait until there is time.',
      read: () => ({ '': idle() }),
    });
  }
  if (stores !== undefined) addStores(registry, stores);
  if (owed !== undefined) addOwed(add, owed);
  if (webhooks !== undefined) addWebhooks(add, webhooks);
}

function addGates(add: Add, gates: NonNullable<Gauges['gates']>): void {
  const of = (field: keyof GateState) => () => pick(gates(), (gate) => gate[field]);
  add({ name: 'pictor_queue_active', help: 'Places taken at a gate.', label: 'gate', read: of('active') });
  add({
    name: 'pictor_queue_waiting',
    help: 'Work waiting for a place.',
    label: 'gate',
    read: of('waiting'),
  });
}

function addEngine(add: Add, engine: NonNullable<Gauges['engine']>): void {
  const of = (field: keyof EngineState) => () => ({ '': engine()[field] });
  add({ name: 'pictor_workers', help: 'Engine workers alive.', read: of('workers') });
  add({ name: 'pictor_workers_busy', help: 'Engine workers with a picture in hand.', read: of('busy') });
  add({
    name: 'pictor_workers_resident_bytes',
    help: 'Resident memory of all engine workers.',
    read: of('rssBytes'),
  });
}

function addStores(registry: Registry, stores: NonNullable<Gauges['stores']>): void {
  const add = (field: 'bytes' | 'entries', name: string, help: string) => {
    const gauge = new Gauge({
      name,
      help,
      labelNames: ['store', 'mount'],
      registers: [],
      collect() {
        this.reset();
        for (const { store, mount, [field]: value } of stores())
          this.set(mount === undefined ? { store } : { store, mount }, value);
      },
    });
    registry.registerMetric(gauge);
  };
  add('bytes', 'pictor_store_bytes', 'Bytes held by a store; `mount`: of the cache that is its own.');
  add('entries', 'pictor_store_entries', 'Blobs held by a store, likewise.');
}

function addOwed(add: Add, owed: NonNullable<Gauges['owed']>): void {
  const of = (value: (state: OwedState) => number) => () => {
    const state = owed();
    return state === null ? {} : { '': value(state) };
  };
  add({
    name: 'pictor_owed_objects',
    help: 'Objects kept here that their bucket has not got yet.',
    read: of((state) => state.owed),
  });
  add({ name: 'pictor_owed_bytes', help: 'Bytes of them.', read: of((state) => state.owedBytes) });
  add({
    name: 'pictor_owed_oldest_seconds',
    help: 'Age of the oldest of them.',
    together: 'max',
    read: of(({ oldest }) => (oldest === null ? 0 : (Date.now() - oldest) / 1000)),
  });
}

function addWebhooks(add: Add, webhooks: NonNullable<Gauges['webhooks']>): void {
  const of = (field: keyof WaitingState) => () => pick(webhooks(), (lane) => lane[field]);
  add({
    name: 'pictor_webhooks_waiting',
    help: 'Deliveries to webhooks that are not made yet.',
    label: 'mount',
    read: of('count'),
  });
  add({
    name: 'pictor_webhooks_oldest_seconds',
    help: 'Age of the oldest of them.',
    label: 'mount',
    together: 'max',
    read: of('oldestSeconds'),
  });
}
