import { Histogram, type Registry } from 'prom-client';
import type { PictorEvent } from '../core/events.ts';
import { createCounts } from './counts.ts';

type KeepingEvent = Extract<PictorEvent, { type: 'upload' | 'variant' | 'webhook' }>;

/** Seconds; from a small picture on a fast disk to a large one on a slow line. */
const uploadBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** What becomes of uploads, of variants that are kept, and of telling others about them. */
export function createKeepingMetrics(registry: Registry): (event: KeepingEvent) => void {
  const uploads = createCounts({
    registry,
    name: 'pictor_uploads_total',
    help: 'Uploads: stored, or the error code.',
    labels: ['mount', 'outcome'],
  });
  const seconds = new Histogram({
    name: 'pictor_upload_seconds',
    help: 'Uploads that were stored, from the head of the request until the original was durable.',
    labelNames: ['mount'],
    buckets: uploadBuckets,
    registers: [registry],
  });
  const variants = createCounts({
    registry,
    name: 'pictor_variants_total',
    help: 'Variants asked for by name: made, present or failed.',
    labels: ['mount', 'outcome'],
  });
  const webhooks = createCounts({
    registry,
    name: 'pictor_webhook_events_total',
    help: 'Deliveries to webhooks: delivered, failed for good or dropped; postponed counts attempts in vain.',
    labels: ['mount', 'what'],
  });
  return (event) => {
    switch (event.type) {
      case 'upload':
        uploads.add(1, event.mount, event.error ?? (event.stored === undefined ? 'none' : 'stored'));
        if (event.stored !== undefined) seconds.observe({ mount: event.mount }, event.ms / 1000);
        return;
      case 'variant':
        return variants.add(1, event.mount, event.outcome);
      case 'webhook':
        return webhooks.add(1, event.mount, event.what);
    }
  };
}
