import type { MetricObjectWithValues, MetricValue } from 'prom-client';
import type { PurgeMark, PurgeScope } from '../../service/purge-marks.ts';
import type { Addresses } from '../server.ts';
import type { AppConfig } from '../settings.ts';
import type { Turn, TurnEnd } from './claims.ts';
import type { Place } from './share.ts';

/** A page of metrics, by whose names they are under. */
export type PageName = 'ours' | 'imageServer' | 'imageproxy';

/** Metrics of one process, as prom-client hands them on. */
export type MetricValues = MetricObjectWithValues<MetricValue<string>>[];

export interface MetricsPage {
  readonly contentType: string;
  readonly text: string;
}

/** An object of a storage that was put anew or removed. */
export interface DisownedObject {
  /** Name of the storage. */
  readonly storage: string;
  readonly key: string;
  /** Only what was accepted before this, epoch milliseconds. */
  readonly before: number;
}

/** What the primary asks of a process that serves. */
export type ServingQuestions = {
  /** Puts the server together. */
  start: (order: StartOrder) => { readonly reloads: boolean };
  listen: () => Addresses;
  /** Finishes what is in flight. */
  close: () => void;
  /** Ends the process. */
  exit: () => void;
  reload: () => void;
  /** Answered by whoever does not hang. */
  ping: () => void;
  metrics: (page: PageName) => MetricValues;
  purged: (mark: PurgeMark) => void;
  /** Drops from memory what was purged. */
  sweep: () => void;
  /** Key of a variant that another process made: what memory holds under it is an older one. */
  changed: (key: string) => void;
  /** Key of an object that another process put or removed. */
  objectChanged: (key: string) => void;
  disown: (object: DisownedObject) => void;
  /** Answered when nothing is on its way to objects whose URI begins so. */
  settled: (uris: string) => void;
};

export interface StartOrder {
  readonly config: AppConfig;
  readonly demonstration: boolean;
  readonly place: Place;
}

/** What a process that serves asks of the primary. */
export type PrimaryQuestions = {
  claim: (name: string) => Turn;
  release: (end: TurnEnd & { readonly changed?: string }) => void;
  /** Lines of the journal; from then on `purged` is told. */
  purges: () => readonly string[];
  setPurge: (scope: PurgeScope) => PurgeMark;
  swept: (at: number) => void;
  objectChanged: (key: string) => void;
  disown: (object: DisownedObject) => void;
  settled: (uris: string) => void;
  /** Of all processes together. */
  page: (name: PageName) => MetricsPage;
};
