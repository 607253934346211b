import { createEnvironmentReader, type Environment } from '../environment.ts';
import type { PaymentProviderOptions } from './server.ts';

const dayMs = 86_400_000;

/** What the environment asks for. Throws a `ConfigurationError` that names every faulty variable. */
export function readConfig(environment: Environment): PaymentProviderOptions {
  const read = createEnvironmentReader(environment);
  const journalFile = read.optionalText('SANDBOX_JOURNAL_FILE');
  const options: PaymentProviderOptions = {
    port: read.integer('PORT', { fallback: 4010, min: 0, max: 65_535 }),
    host: read.text('HOST', '127.0.0.1'),
    apiKey: read.requiredText('SANDBOX_API_KEY'),
    webhookSecret: read.requiredText('SANDBOX_WEBHOOK_SECRET'),
    webhookUrl: read.requiredHttpUrl('SANDBOX_WEBHOOK_URL'),
    lateMs: read.integer('SANDBOX_LATE_MS', { fallback: 16 * 60_000, min: 1, max: 7 * dayMs }),
    ...(journalFile === undefined ? {} : { journalFile }),
  };
  read.finish();
  return options;
}
