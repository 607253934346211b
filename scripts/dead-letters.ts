/** `npm run dead-letters`: shows the events that consumers gave up on, and puts them through again. */
import { parseArgs } from 'node:util';
import { openDatabase, type Database } from '@ordergraph/platform/database.ts';
import {
  listDeadLetters,
  replayDeadLetters,
  type DeadLetter,
} from '@ordergraph/platform/dead-letters.ts';
import { openEventBus } from '@ordergraph/platform/jetstream.ts';
import type { EventOwner } from '@ordergraph/schema/events/envelope.ts';
import { inventoryEvents } from '@ordergraph/schema/events/inventory.ts';
import { orderEvents } from '@ordergraph/schema/events/order.ts';
import { paymentEvents } from '@ordergraph/schema/events/payment.ts';
import { subgraphs } from '@ordergraph/schema/subgraphs.ts';
import { dataDirectory } from './data-location.ts';
import { installationSecrets } from './installation-secrets.ts';
import { runningServices } from './running-services.ts';
import { serviceDatabaseUrls } from './service-databases.ts';
import { table } from './text-table.ts';

const usage = `npm run dead-letters -- list
npm run dead-letters -- replay [--consumer NAME] [--event ID]

Events that a consumer could not deal with are kept with their cause. list shows those of all services; replay
publishes them again, once what stopped them is mended. Consumers that dealt with an event before drop it.

  --consumer NAME  only events that this service gave up on
  --event ID       only this event

  DATA_DIR, DATABASE_URL, NATS_URL, NATS_PREFIX, INTERNAL_SECRET as for npm run invariants
`;

class WrongCall extends Error {}

type Letter = DeadLetter & { createdAt: Date };
type Call = { command: 'list' | 'replay'; consumer?: string; event?: string };

const owners: ReadonlyMap<string, EventOwner> = new Map(
  [...orderEvents, ...inventoryEvents, ...paymentEvents].map(({ type, owner }) => [type, owner]),
);

async function main(call: Call, environment: NodeJS.ProcessEnv): Promise<void> {
  const dataDir = dataDirectory(environment);
  const prefix = environment['NATS_PREFIX'] ?? 'ordergraph';
  const running = await runningServices(dataDir, environment);
  const { internalSecret: secret } = await installationSecrets(dataDir, environment);
  const urls = serviceDatabaseUrls(running.databaseUrl, { prefix, secret });
  const databases = Object.values(urls).map((url) =>
    openDatabase(url, { poolMax: 1, name: 'dead-letters' }),
  );
  try {
    const letters = (await Promise.all(databases.map((sql) => listDeadLetters(sql)))).flat();
    const chosen = letters.filter(
      ({ consumer, messageId }) =>
        (call.consumer === undefined || consumer === call.consumer) &&
        (call.event === undefined || messageId === call.event),
    );
    if (call.command === 'list') process.stdout.write(`${report(chosen, new Date())}\n`);
    else await replay(chosen, { databases, natsUrl: running.natsUrl, prefix });
  } finally {
    await Promise.all(databases.map((sql) => sql.end({ timeout: 1 })));
  }
}

/** Every consumer gets a published event, so the letters that others keep of it count as replayed as well. */
async function replay(
  letters: readonly Letter[],
  system: { databases: readonly Database[]; natsUrl: string; prefix: string },
): Promise<void> {
  const bus = await openEventBus(system.natsUrl, system.prefix, 'dead-letters');
  try {
    const eventIds = [...new Set(letters.map(({ messageId }) => messageId))];
    let replayed = 0;
    for (const sql of system.databases) {
      replayed += await replayDeadLetters(sql, bus, {
        eventIds,
        ownerOf: (type) => owners.get(type),
      });
    }
    process.stdout.write(
      `${replayed} dead letters of ${eventIds.length} events were published again. What fails once more will be listed again.\n`,
    );
  } finally {
    await bus.close();
  }
}

function report(letters: readonly Letter[], now: Date): string {
  if (letters.length === 0) return 'There are no dead letters.';
  const rows = letters
    .toSorted((a, b) => a.createdAt.getTime() - b.createdAt.getTime())
    .map(({ consumer, messageId, type, deliveries, createdAt, cause }) => [
      messageId,
      type,
      consumer,
      age(now.getTime() - createdAt.getTime()),
      String(deliveries),
      cause.replaceAll(/\s+/g, ' ').slice(0, 120),
    ]);
  return table(['Event', 'type', 'consumer', 'age', 'deliveries', 'cause'], rows);
}

function age(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return `${Math.max(0, Math.floor(ms / 1_000))} s`;
  if (minutes < 120) return `${minutes} min`;
  return minutes < 2_880 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 1_440)} d`;
}

/** Undefined if only the usage was asked for. @throws WrongCall */
function readCall(args: readonly string[]): Call | undefined {
  const { values, positionals } = parsed(args);
  if (values.help) return undefined;
  const [command, ...rest] = positionals;
  if ((command !== 'list' && command !== 'replay') || rest.length > 0) {
    throw new WrongCall('Say list or replay.');
  }
  const { consumer, event } = values;
  if (consumer !== undefined && !subgraphs.some(({ name }) => name === consumer)) {
    throw new WrongCall(`--consumer is one of ${subgraphs.map(({ name }) => name).join(', ')}.`);
  }
  return { command, ...(consumer ? { consumer } : {}), ...(event ? { event } : {}) };
}

function parsed(args: readonly string[]) {
  const text = { type: 'string' } as const;
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { consumer: text, event: text, help: { type: 'boolean' } },
    });
  } catch (error) {
    throw new WrongCall(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

try {
  const call = readCall(process.argv.slice(2));
  if (call) await main(call, process.env);
  else process.stdout.write(usage);
} catch (error) {
  const words = error instanceof Error ? error.message || error.name : String(error);
  const isWrongCall = error instanceof WrongCall;
  process.stderr.write(isWrongCall ? `${words}\n\n${usage}` : `${words}\nIs npm start running?\n`);
  process.exitCode = isWrongCall ? 2 : 1;
}
