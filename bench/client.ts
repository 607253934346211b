/** A client of the system: operations over keep-alive connections, and one stream that tells when orders are complete. */
import { formatAmount } from '@ordergraph/platform/money.ts';
import { signDevelopmentToken } from '@ordergraph/scripts/development-token.ts';
import { loadSecrets } from '@ordergraph/scripts/secrets.ts';
import { createClient } from 'graphql-ws';
import { Pool } from 'undici';
import { WebSocket } from 'ws';
import type { SystemAddress } from './system.ts';

export type Caller = { readonly token: string };

export type ShopClient = {
  /** Sends an operation; @throws Error if it is not answered with data alone */
  run<T>(caller: Caller, query: string, variables: unknown): Promise<T>;
  customer(subject: string): Promise<Caller>;
  /** Calls back for every change of every order. */
  follow(onChange: (change: { orderId: string; status: string }) => void): Promise<void>;
  /** Puts products with ample stock into the shop. */
  stockUp(skus: readonly string[], quantity: number): Promise<void>;
  close(): Promise<void>;
};

const followActivity =
  'subscription ($after: String) { orderActivity(after: $after) { cursor status order { id } } }';
type Activity = { cursor: string; status: string; order: { id: string } };

const changesPerOperation = 50;

export async function openShopClient(
  system: SystemAddress,
  connections: number,
): Promise<ShopClient> {
  const secrets = await loadSecrets(system.dataDir);
  const { origin, pathname } = new URL(system.url);
  const pool = new Pool(origin, { connections, pipelining: 1 });
  const sign = async (subject: string, role: 'customer' | 'staff'): Promise<Caller> => ({
    token: await signDevelopmentToken(secrets, {
      subject,
      role,
      scopes: [],
    }),
  });
  const staff = await sign('bench', 'staff');
  const socket = createClient({
    url: system.url.replace(/^http/, 'ws'),
    webSocketImpl: WebSocket,
    connectionParams: { Authorization: `Bearer ${staff.token}` },
    lazy: false,
    retryAttempts: 0,
  });

  async function run<T>({ token }: Caller, query: string, variables: unknown): Promise<T> {
    const { body } = await pool.request({
      path: pathname,
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ query, variables }),
    });
    const answer = (await body.json()) as { data?: T; errors?: unknown };
    if (answer.errors || !answer.data) throw new Error(JSON.stringify(answer));
    return answer.data;
  }

  return {
    run,
    customer: (subject) => sign(subject, 'customer'),
    async follow(onChange) {
      let after: string | null = null;
      const listen = (): void =>
        void socket.subscribe<{ orderActivity: Activity }>(
          { query: followActivity, variables: { after } },
          {
            next({ data }) {
              if (!data) throw new Error('The stream of changes broke');
              const { cursor, status, order } = data.orderActivity;
              after = cursor;
              onChange({ orderId: order.id, status });
            },
            error(error) {
              // A stream that was ended for its slowness is taken up again where it was.
              if (JSON.stringify(error).includes('SLOW_CONSUMER')) listen();
              else onChange({ orderId: '', status: `BROKEN ${JSON.stringify(error)}` });
            },
            complete() {},
          },
        );
      listen();
    },
    async stockUp(skus, quantity) {
      for (let at = 0; at < skus.length; at += changesPerOperation) {
        const batch = skus.slice(at, at + changesPerOperation);
        for (const [field, type, inputOf] of [
          ['upsertProduct', 'UpsertProductInput', (sku: string) => product(sku)],
          ['adjustStock', 'AdjustStockInput', (sku: string) => stock(sku, quantity)],
        ] as const) {
          const names = batch.map((_, i) => `$i${i}: ${type}!`).join(', ');
          const fields = batch.map(
            (_, i) => `a${i}: ${field}(input: $i${i}) { userErrors { code } }`,
          );
          await run(
            staff,
            `mutation (${names}) { ${fields.join(' ')} }`,
            Object.fromEntries(batch.map((sku, i) => [`i${i}`, inputOf(sku)])),
          );
        }
      }
    },
    async close() {
      await socket.dispose();
      await pool.destroy();
    },
  };
}

function product(sku: string): unknown {
  const amount = formatAmount({ minor: 1250, currency: 'GBP' });
  const unitPrice = { amount, currencyCode: 'GBP' };
  return { idempotencyKey: `bench:product:${sku}`, sku, name: `Product ${sku}`, unitPrice };
}

function stock(sku: string, delta: number): unknown {
  return { idempotencyKey: `bench:stock:${sku}`, sku, delta, reason: 'bench' };
}
