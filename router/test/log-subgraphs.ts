/**
 * Two real subgraphs for tests of streams. One keeps a log of changes for each key, from which its stream can be continued
 * behind any cursor, as an order's can; it can be cut off, stopped, made to refuse and made to wait. The other gives what
 * belongs to an event, at a speed of its own for each.
 */
import { composeServices } from '@apollo/composition';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { identityHeader, verifyIdentity } from '@ordergraph/platform/identity.ts';
import fastify from 'fastify';
import { graphql, parse, type GraphQLError, type GraphQLSchema } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import { isRecord } from '../request.ts';
import { EventStream } from './event-stream.ts';
import { portOf } from './ports.ts';
import { secret } from './subgraphs.ts';

const link = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])`;
const logSdl = `${link}
  type Query { keys: [String!]! }
  type Subscription {
    changed(key: ID!, after: String): Change!
    news(after: String): Change!
  }
  type Change { cursor: String!  version: Int!  snapshot: Boolean!  item: Item! }
  type Item @key(fields: "id") { id: ID! }
`;
const labelSdl = `${link}
  type Query { labels: Boolean }
  type Item @key(fields: "id") { id: ID!  label: String! }
`;

export type Begin = {
  readonly field: 'changed' | 'news';
  readonly key: string;
  readonly after: string | null | undefined;
  readonly subject: string | null;
};

export type LogSubgraph = {
  readonly url: string;
  /** Adds a change; gives its version. */
  append(key: string): number;
  /** All subscriptions that were begun, the last one last. */
  readonly begins: Begin[];
  /** How many are open now. */
  open(): number;
  /** With what those that begin from now on are refused. */
  refusal: GraphQLError | undefined;
  /** What those that begin from now on wait for before they look into the log. */
  hold: Promise<void> | undefined;
  /** Ends all that are open. */
  complete(): void;
  cutSockets(): void;
  /** Takes nothing more, as a process that was killed. */
  kill(): Promise<void>;
  /** Listens again, at the same address. */
  restart(): Promise<void>;
};

/** In what another supergraph over the same servers differs. */
export type SupergraphChange = {
  readonly logUrl?: string;
  readonly labelsName?: string;
  /** Added to, or put in place of, what the subgraph of labels says. */
  readonly labels?: (sdl: string) => string;
  readonly logs?: (sdl: string) => string;
};

export async function startLogSubgraphs() {
  const log = await startLog();
  const labels = await startLabels();
  const same = (sdl: string): string => sdl;
  const supergraph = (other: SupergraphChange = {}): string => {
    const composed = composeServices([
      {
        name: 'log',
        url: other.logUrl ?? log.url,
        typeDefs: parse((other.logs ?? same)(logSdl)),
      },
      {
        name: other.labelsName ?? 'labels',
        url: labels.url,
        typeDefs: parse((other.labels ?? same)(labelSdl)),
      },
    ]);
    if (composed.errors) throw new Error(composed.errors.map(String).join('\n'));
    return composed.supergraphSdl;
  };
  return {
    log,
    labels,
    supergraph,
    supergraphSdl: supergraph(),
    stop: async () => {
      await Promise.all([log.kill(), labels.app.close()]);
    },
  };
}

type Entry = { readonly key: string; readonly version: number };
type Listener = (entry: Entry) => void;

async function startLog(): Promise<LogSubgraph> {
  /** Of `news`: every entry of every key, in the order in which they were added. */
  const entries: Entry[] = [];
  const listeners = new Set<Listener>();
  const streams = new Set<EventStream<unknown>>();
  const begins: Begin[] = [];

  const subscribe = (field: Begin['field']) =>
    async function begin(
      _root: unknown,
      { key = '', after }: { key?: string; after?: string | null },
      context: unknown,
    ) {
      const subject = isRecord(context) ? String(context['subject']) : null;
      begins.push({ field, key, after, subject });
      const refusal = log.refusal;
      await log.hold;
      if (refusal) throw refusal;
      const stream: EventStream<unknown> = new EventStream({
        queueMax: 100_000,
        onEnd: () => {
          streams.delete(stream);
          listeners.delete(listener);
        },
        tooSlow: () => ({ message: 'the test is too slow' }),
      });
      const of = (entry: Entry): boolean => field === 'news' || entry.key === key;
      const place = (entry: Entry): number =>
        field === 'news' ? entries.indexOf(entry) + 1 : entry.version;
      const listener: Listener = (entry) => {
        if (of(entry)) stream.push(change(field, entry, place(entry), false));
      };
      streams.add(stream);
      const known = entries.filter(of);
      const last = known.at(-1);
      if (after) {
        const from = Number(after.split(':').at(-1));
        for (const entry of known) {
          if (place(entry) > from) stream.push(change(field, entry, place(entry), false));
        }
      } else if (field === 'changed') {
        const present = last ?? { key, version: 0 };
        stream.push(change(field, present, present.version, true));
      }
      listeners.add(listener);
      return stream;
    };
  const schema = buildSubgraphSchema({
    typeDefs: parse(logSdl),
    resolvers: {
      Query: { keys: () => [...new Set(entries.map(({ key }) => key))] },
      Subscription: {
        changed: { subscribe: subscribe('changed') },
        news: { subscribe: subscribe('news') },
      },
    },
  });
  let server = await startServer(schema, 0);
  const { port } = server;
  const log: LogSubgraph = {
    url: `http://127.0.0.1:${port}/graphql`,
    append(key) {
      const version = entries.filter((entry) => entry.key === key).length + 1;
      const entry = { key, version };
      entries.push(entry);
      for (const listener of listeners) listener(entry);
      return version;
    },
    begins,
    open: () => streams.size,
    refusal: undefined,
    hold: undefined,
    complete() {
      for (const stream of streams) stream.finish();
    },
    cutSockets() {
      for (const client of server.sockets.clients) client.terminate();
    },
    kill: () => server.kill(),
    async restart() {
      server = await startServer(schema, port);
    },
  };
  return log;
}

function change(field: string, { key, version }: Entry, place: number, snapshot: boolean) {
  const cursor = field === 'news' ? `news:${place}` : `${key}:${place}`;
  return { [field]: { cursor, version, snapshot, item: { id: `${key}:${version}` } } };
}

async function startServer(schema: GraphQLSchema, port: number) {
  const app = fastify({ forceCloseConnections: true });
  const sockets = new WebSocketServer({ noServer: true });
  app.server.on('upgrade', (request, socket, head) =>
    sockets.handleUpgrade(request, socket, head, (client) =>
      sockets.emit('connection', client, request),
    ),
  );
  useServer(
    {
      schema,
      context: (_socket, _id, payload) => {
        const signed = String(payload.extensions?.['identity']);
        return { subject: verifyIdentity(signed, secret, Date.now())?.subject };
      },
    },
    sockets,
  );
  await app.listen({ port, host: '127.0.0.1' });
  return {
    port: portOf(app.server),
    sockets,
    kill: async () => {
      for (const client of sockets.clients) client.terminate();
      await app.close();
    },
  };
}

type Call = { readonly identity: string | null | undefined; readonly body: unknown };

async function startLabels() {
  const schema = buildSubgraphSchema({
    // It is ahead of the supergraph by a field.
    typeDefs: parse(labelSdl.replace('labels:', 'colours: Boolean labels:')),
    resolvers: {
      Item: {
        __resolveReference: ({ id }: { id: string }) => ({ id }),
        label: async ({ id }: { id: string }) => {
          if (id.startsWith('nameless')) throw new Error('it has no label');
          // Every third takes longer than those behind it.
          if (Number(id.split(':').at(-1)) % 3 === 0) {
            await new Promise((resolve) => setTimeout(resolve, 15));
          }
          return `label of ${id}`;
        },
      },
    },
  });
  const app = fastify({ forceCloseConnections: true });
  const calls: Call[] = [];
  const labels = {
    url: '',
    app,
    /** Every request, with the caller that it was signed for. */
    calls,
    /** What calls that come from now on wait for. */
    hold: undefined as Promise<void> | undefined,
    /** What is answered in place of the truth. */
    answer: undefined as string | undefined,
  };
  const answer = (body: unknown) =>
    graphql({
      schema,
      source: isRecord(body) ? String(body['query']) : '',
      variableValues: isRecord(body) && isRecord(body['variables']) ? body['variables'] : {},
    });
  app.post('/graphql', async (request, reply) => {
    const signed = String(request.headers[identityHeader]);
    const identity = verifyIdentity(signed, secret, Date.now())?.subject;
    calls.push({ identity, body: request.body });
    await labels.hold;
    if (labels.answer !== undefined) {
      return reply.type('application/json').send(labels.answer);
    }
    return Array.isArray(request.body)
      ? Promise.all(request.body.map(answer))
      : answer(request.body);
  });
  await app.listen({ port: 0, host: '127.0.0.1' });
  labels.url = `http://127.0.0.1:${portOf(app.server)}/graphql`;
  return labels;
}
