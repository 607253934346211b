import { httpUrl, listen, stopListening } from '../listening.ts';
import { createHttpServer } from './http-server.ts';
import { memoryJournal, openJournal, readJournal } from './journal.ts';
import { createLedger, type JournalEntry } from './ledger.ts';
import { createProvider } from './provider.ts';
import { createRoutes } from './routes.ts';
import { createWebhookSender, defaultRetryMs } from './webhooks.ts';

export type PaymentProviderOptions = {
  /** 0 takes any free port. */
  port: number;
  /** 127.0.0.1 unless told otherwise. */
  host?: string;
  apiKey: string;
  webhookSecret: string;
  webhookUrl: string;
  /** Where charges survive a restart; without it they live in memory only. */
  journalFile?: string;
  /** When a `tok_late` charge succeeds: 16 minutes, one more than an order's hold. */
  lateMs?: number;
  /** When a `tok_slow` charge succeeds: 5,000. */
  slowMs?: number;
  /** From the answer to the outcome and its webhook, for everything else: 5. */
  webhookDelayMs?: number;
  /** Pauses before each further attempt at a webhook; their count bounds the attempts. */
  webhookRetryMs?: readonly number[];
  /** How long a receiver may take to answer: 10,000. */
  webhookTimeoutMs?: number;
  log?: (line: string) => void;
};

export type RunningPaymentProvider = { url: string; port: number; stop(): Promise<void> };

const webhooksInFlightMax = 32;
const stopGraceMs = 500;

/** The lines are the provider's own, so their form is taken on trust; `apply` still refuses what makes no sense. */
const isEntry = (value: unknown): value is JournalEntry =>
  typeof value === 'object' &&
  value !== null &&
  'entry' in value &&
  typeof value.entry === 'string';

/**
 * Starts the sandbox payment provider and resolves once it answers. Rejects when the port is taken or the journal
 * cannot be read. Settles, retries and resumes on its own until `stop`.
 */
export async function startPaymentProvider(
  options: PaymentProviderOptions,
): Promise<RunningPaymentProvider> {
  const { host = '127.0.0.1', apiKey, journalFile, log = () => undefined } = options;
  const webhooks = createWebhookSender({
    url: options.webhookUrl,
    secret: options.webhookSecret,
    retryMs: options.webhookRetryMs ?? defaultRetryMs,
    timeoutMs: options.webhookTimeoutMs ?? 10_000,
    inFlightMax: webhooksInFlightMax,
    log,
  });
  const ledger = createLedger();
  let routes: ReturnType<typeof createRoutes> | undefined;
  const server = createHttpServer({ apiKey, routes: () => routes, log });
  // The port is taken before the journal is touched, so a second instance by mistake cannot write into it.
  const port = await listen(server, options.port, host);

  try {
    if (journalFile !== undefined) {
      await readJournal(journalFile, (entry) => {
        if (!isEntry(entry)) throw new Error('not an entry');
        ledger.apply(entry);
      });
    }
    const journal = journalFile === undefined ? memoryJournal : openJournal(journalFile, log);
    const delayMs = {
      soon: options.webhookDelayMs ?? 5,
      afterOneSecond: 1000,
      slow: options.slowMs ?? 5000,
      late: options.lateMs ?? 16 * 60_000,
    };
    const provider = createProvider({ ledger, journal, webhooks, delayMs });
    routes = createRoutes(ledger, provider);
    provider.resume();
    return {
      url: httpUrl(host, port),
      port,
      async stop() {
        provider.stop();
        await Promise.all([stopListening(server, stopGraceMs), webhooks.stop()]);
        journal.close();
      },
    };
  } catch (error) {
    await Promise.all([stopListening(server, 0), webhooks.stop()]);
    throw error;
  }
}
