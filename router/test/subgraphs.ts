/** Small real subgraphs for the router's tests, and the supergraph composed of them. */
import { composeServices } from '@apollo/composition';
import { buildSubgraphSchema } from '@apollo/subgraph';
import type { GraphQLResolverMap } from '@apollo/subgraph/dist/schema-helper/resolverMap.js';
import { verifyIdentity } from '@ordergraph/platform/identity.ts';
import fastify, { type FastifyReply, type FastifyRequest } from 'fastify';
import { graphql, GraphQLError, parse } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import { EventStream } from './event-stream.ts';
import { isRecord } from '../request.ts';
import { portOf } from './ports.ts';

export const secret = 'a secret of the tests, thirty-two and more';

const link = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable"])`;

const orderSdl = `${link}
  type Query {
    order(id: ID!): Order
    orders(first: Int = 20): [Order!]!
    viewer: String
    fail(code: String, message: String = "no"): String
    broken: Order
    find(filter: OrderFilter!): [Order!]!
  }
  input OrderFilter { status: OrderStatus!  limit: Int = 3 }
  enum OrderStatus { PLACED CONFIRMED }
  type Mutation { placeOrder(id: ID!): Order! }
  type Subscription {
    orderStatusChanged(orderId: ID!, after: String): OrderStatusChange!
    ticks: Int!
  }
  type Order @key(fields: "id") { id: ID!  status: OrderStatus!  parent: Order  padding(kilobytes: Int!): String! }
  type OrderStatusChange { cursor: String!  order: Order!  status: OrderStatus!  padding: String }
`;

const paymentSdl = `${link}
  type Query { paymentsReady: Boolean }
  type Order @key(fields: "id") { id: ID!  payment: Payment }
  type Payment { status: String!  amount: Int }
`;

/** How a subgraph behaves from now on. */
export type Behaviour =
  | { readonly kind: 'serve' }
  | { readonly kind: 'hang'; readonly only?: 'queries' }
  /** Loses the connection, as a killed process does. */
  | { readonly kind: 'reset' }
  | { readonly kind: 'drip' }
  | {
      readonly kind: 'answer';
      readonly status?: number;
      readonly type?: string;
      readonly body: string;
    };

export type Seen = { readonly headers: FastifyRequest['headers']; readonly body: unknown };

export type TestSubgraph = {
  readonly name: string;
  readonly sdl: string;
  readonly url: string;
  readonly seen: Seen[];
  behaviour: Behaviour;
  /** So many requests meet this behaviour, and then it serves. */
  misbehaves(behaviour: Behaviour, times: number): void;
  /** How many subscriptions are open, and what their operations brought. */
  readonly subscribed: Record<string, unknown>[];
  subscriptions(): number;
  sockets(): number;
  publish(event: Readonly<Record<string, unknown>>): void;
  complete(): void;
  /** Cuts the sockets without a close frame, as a killed process does. */
  cutSockets(): void;
  closeSockets(code: number): void;
  stop(): Promise<void>;
};

type Resolvers = GraphQLResolverMap<unknown>;

export async function startSubgraphs() {
  const order = await startSubgraph('order', orderSdl, orderResolvers);
  const payment = await startSubgraph('payment', paymentSdl, () => paymentResolvers);
  const services = [order, payment].map(({ name, url, sdl }) => ({
    name,
    url,
    typeDefs: parse(sdl),
  }));
  const composed = composeServices(services);
  if (composed.errors) throw new Error(composed.errors.map(String).join('\n'));
  return { order, payment, supergraphSdl: composed.supergraphSdl };
}

type Streams = { open(field: string): EventStream<unknown> };

const tooOld = () => new GraphQLError('Too old.', { extensions: { code: 'CURSOR_EXPIRED' } });
const order = (id: string) => ({ __typename: 'Order', id, status: 'PLACED' });

function orderResolvers(streams: Streams): Resolvers {
  return {
    Query: {
      order: (_: unknown, { id }: { id: string }) => (id === 'none' ? null : order(id)),
      orders: (_: unknown, { first }: { first: number }) =>
        Array.from({ length: first }, (_item, index) => order(String(index + 1))),
      viewer: (_: unknown, _args: unknown, context: unknown) =>
        JSON.stringify(isRecord(context) ? context['identity'] : null),
      fail: (_: unknown, { code, message }: { code?: string; message: string }) => {
        throw new GraphQLError(message, {
          extensions: { ...(code ? { code } : {}), stacktrace: ['at secret-host:5432'] },
        });
      },
      broken: () => ({ id: 'b' }),
      find: (_: unknown, { filter }: { filter: { limit: number } }) =>
        Array.from({ length: filter.limit }, (_item, index) => order(String(index))),
    },
    Mutation: { placeOrder: (_: unknown, { id }: { id: string }) => order(id) },
    Subscription: {
      orderStatusChanged: {
        subscribe: (_: unknown, { orderId }: { orderId: string }) => {
          if (orderId === 'unborn') throw tooOld();
          return streams.open('orderStatusChanged');
        },
      },
      ticks: { subscribe: () => streams.open('ticks') },
    },
    Order: {
      __resolveReference: ({ id }: { id: string }) => order(id),
      padding: (_: unknown, { kilobytes }: { kilobytes: number }) => 'x'.repeat(kilobytes * 1024),
    },
  };
}

const paymentResolvers: Resolvers = {
  Query: { paymentsReady: () => true },
  Order: {
    __resolveReference: ({ id }: { id: string }) => ({ id }),
    payment: ({ id }: { id: string }) => {
      if (id === 'forbidden') {
        throw new GraphQLError('Not yours.', { extensions: { code: 'FORBIDDEN' } });
      }
      // The first answer of a stream is the slowest: later events must not overtake it.
      const waitMs = /^slow-(\d+)$/.exec(id)?.[1];
      const payment = { status: `paid-${id}`, amount: 5 };
      return waitMs
        ? new Promise((resolve) => setTimeout(() => resolve(payment), Number(waitMs)))
        : payment;
    },
  },
};

export async function startSubgraph(
  name: string,
  sdl: string,
  resolvers: (streams: Streams) => Resolvers,
): Promise<TestSubgraph> {
  const open = new Set<EventStream<unknown>>();
  const schema = buildSubgraphSchema({
    typeDefs: parse(sdl),
    resolvers: resolvers({
      open: () => {
        const stream: EventStream<unknown> = new EventStream({
          queueMax: 100_000,
          onEnd: () => open.delete(stream),
          tooSlow: () => ({ message: 'the test is too slow' }),
        });
        open.add(stream);
        return stream;
      },
    }),
  });
  const app = fastify({ forceCloseConnections: true });
  const subgraph: {
    behaviour: Behaviour;
    timesLeft: number;
    seen: Seen[];
    subscribed: Record<string, unknown>[];
  } = {
    behaviour: { kind: 'serve' },
    timesLeft: Infinity,
    seen: [],
    subscribed: [],
  };
  app.get('/health/ready', () => ({}));
  app.post('/graphql', async (request, reply) => {
    subgraph.seen.push({ headers: request.headers, body: request.body });
    const { behaviour } = subgraph;
    subgraph.timesLeft -= 1;
    if (subgraph.timesLeft === 0) subgraph.behaviour = { kind: 'serve' };
    if (meets(request.body, behaviour)) return misbehave(behaviour, reply);
    const body = isRecord(request.body) ? request.body : {};
    const header = request.headers['x-ordergraph-identity'];
    const identity = verifyIdentity(String(header), secret, Date.now());
    return graphql({
      schema,
      source: String(body['query']),
      variableValues: isRecord(body['variables']) ? body['variables'] : {},
      contextValue: { identity },
    });
  });
  const sockets = new WebSocketServer({ noServer: true });
  app.server.on('upgrade', (request, socket, head) =>
    sockets.handleUpgrade(request, socket, head, (client) =>
      sockets.emit('connection', client, request),
    ),
  );
  const served = useServer(
    {
      schema,
      onConnect: ({ connectionParams }) =>
        verifyIdentity(String(connectionParams?.['identity']), secret, Date.now()) !== undefined,
      onSubscribe: (_context, _id, payload) => {
        const identity = verifyIdentity(
          String(payload.extensions?.['identity']),
          secret,
          Date.now(),
        );
        subgraph.subscribed.push({ ...payload, identity });
        const refused =
          payload.variables?.['id'] === 'refused' || payload.variables?.['routerAfter'] === 'old';
        return refused ? [tooOld()] : undefined;
      },
    },
    sockets,
  );
  await app.listen({ port: 0, host: '127.0.0.1' });
  const port = portOf(app.server);
  return Object.assign(subgraph, {
    name,
    sdl,
    url: `http://127.0.0.1:${port}/graphql`,
    misbehaves: (behaviour: Behaviour, times: number) => {
      subgraph.behaviour = behaviour;
      subgraph.timesLeft = times;
    },
    subscriptions: () => open.size,
    sockets: () => sockets.clients.size,
    publish: (event: Readonly<Record<string, unknown>>) => {
      for (const stream of open) stream.push(event);
    },
    complete: () => {
      for (const stream of open) stream.finish();
    },
    cutSockets: () => {
      for (const client of sockets.clients) client.terminate();
    },
    closeSockets: (code: number) => {
      for (const client of sockets.clients) client.close(code);
    },
    stop: async () => {
      for (const client of sockets.clients) client.terminate();
      await served.dispose();
      await app.close();
    },
  });
}

function meets(body: unknown, behaviour: Behaviour): boolean {
  if (behaviour.kind !== 'hang' || behaviour.only === undefined) return behaviour.kind !== 'serve';
  return isRecord(body) && !String(body['query']).startsWith('mutation');
}

async function misbehave(behaviour: Behaviour, reply: FastifyReply): Promise<unknown> {
  if (behaviour.kind === 'answer') {
    return reply
      .code(behaviour.status ?? 200)
      .type(behaviour.type ?? 'application/json')
      .send(behaviour.body);
  }
  reply.hijack();
  if (behaviour.kind === 'reset') reply.raw.destroy();
  if (behaviour.kind === 'drip') {
    reply.raw.writeHead(200, { 'content-type': 'application/json' });
    const timer = setInterval(() => reply.raw.write(' '), 20);
    reply.raw.on('close', () => clearInterval(timer));
  }
  return reply;
}
