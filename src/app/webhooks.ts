import path from 'node:path';
import { PictorError } from '../core/errors.ts';
import type { EmitEvent } from '../core/events.ts';
import type { Webhooks } from '../hooks/webhooks.ts';
import type { WebhookPlan } from '../request/webhook.ts';
import { dialectOf } from './dialects.ts';
import { mountName } from './mounts.ts';
import type { AppConfig } from './settings.ts';

const fileName = 'outbox.db';

/**
 * Opens the webhooks of all mounts. Null when no mount has one: no file is made then, and no code loaded.
 * @throws PictorError STORE_FAILED
 */
export async function openWebhooks(config: AppConfig, emit: EmitEvent): Promise<Webhooks | null> {
  const plans = plansOf(config);
  if (plans.size === 0) return null;
  const settings = config.webhooks;
  const [{ createWebhooks }, { openOutbox }] = await Promise.all([
    import('../hooks/webhooks.ts'),
    import('../outbox/outbox.ts'),
  ]);
  try {
    const outbox = await openOutbox(settings.dir === '' ? '' : path.resolve(settings.dir, fileName));
    return createWebhooks({ plans, outbox, settings, emit, now: Date.now });
  } catch (error) {
    const reason = error instanceof PictorError ? (error.detail ?? error.message) : String(error);
    throw new PictorError('STORE_FAILED', { detail: `webhooks.dir cannot be used: ${reason}`, cause: error });
  }
}

function plansOf({ mounts }: AppConfig): ReadonlyMap<string, WebhookPlan> {
  const plans = new Map<string, WebhookPlan>();
  for (const mount of mounts) {
    const plan = dialectOf(mount.dialect).webhooks?.(mount.settings) ?? null;
    if (plan !== null) plans.set(mountName(mount), plan);
  }
  return plans;
}
