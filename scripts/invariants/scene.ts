/** What the invariants are checked on: the databases, the streams, the payment provider. */
import { openEventBus, type EventBus } from '@ordergraph/platform/jetstream.ts';
import { openSandboxChannel } from '@ordergraph/payment/channels/sandbox.ts';
import type { PaymentChannel } from '@ordergraph/payment/channels/channel.ts';
import { subgraphs, type SubgraphName } from '@ordergraph/schema/subgraphs.ts';
import postgres from 'postgres';

export type Connections = {
  readonly databaseUrls: Readonly<Record<SubgraphName, string>>;
  readonly natsUrl: string;
  /** Begins the streams' names. */
  readonly natsPrefix: string;
  readonly providerUrl: string;
  readonly providerApiKey: string;
};

export type Sql = postgres.Sql<{ bigint: number }>;

export type Grace = {
  /** How long what has to follow may be under way. */
  readonly healMs: number;
  /** How long an event may wait for its publication. */
  readonly publishMs: number;
  /** The pause between two looks at what seems wrong. */
  readonly lookAgainMs: number;
};

export type Scene = {
  readonly sql: Readonly<Record<SubgraphName, Sql>>;
  readonly bus: EventBus;
  readonly channel: PaymentChannel;
  readonly grace: Grace;
  /** Texts that must not be found anywhere. */
  readonly secrets: readonly string[];
};

export const promisedGrace: Grace = { healMs: 60_000, publishMs: 30_000, lookAgainMs: 500 };

const connectTimeoutS = 5;
const providerTimeoutMs = 10_000;

/** Opens everything. @throws if a database or NATS cannot be reached; what was opened is closed then */
export async function openScene(
  connections: Connections,
  options: { grace: Grace; secrets: readonly string[] },
): Promise<{ scene: Scene; close: () => Promise<void> }> {
  const pools = subgraphs.map(
    ({ name }) => [name, openPool(connections.databaseUrls[name])] as const,
  );
  const closing: (() => Promise<unknown>)[] = pools.map(
    ([, pool]) =>
      () =>
        pool.end({ timeout: 1 }),
  );
  const close = async (): Promise<void> => {
    await Promise.allSettled(closing.map((step) => step()));
  };
  try {
    await Promise.all(pools.map(([, pool]) => pool`select 1`));
    const bus = await openEventBus(connections.natsUrl, connections.natsPrefix, 'invariants');
    closing.push(() => bus.close());
    const channel = openSandboxChannel({
      url: connections.providerUrl,
      apiKey: connections.providerApiKey,
      webhookSecret: '',
      timeoutMs: providerTimeoutMs,
      connectionsMax: 1,
    });
    closing.push(() => channel.close());
    const sql = Object.fromEntries(pools) as Record<SubgraphName, Sql>;
    return { scene: { sql, bus, channel, ...options }, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Without the services' time limits: a check may look at everything. */
function openPool(url: string): Sql {
  return postgres(url, {
    max: 4,
    connect_timeout: connectTimeoutS,
    onnotice: () => undefined,
    connection: { application_name: 'invariants', default_transaction_read_only: true },
    types: { bigint: { to: 20, from: [20], parse: Number, serialize: String } },
  });
}
