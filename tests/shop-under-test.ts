/** The system of a test file, with its stockroom and its customers; after each test every invariant must hold. */
import type { TokenClaims } from '@ordergraph/scripts/development-token.ts';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { startTestSystem, type TestSystem } from './environment.ts';
import { expectInvariantsToHold } from './kept-promises.ts';
import { openStockroom, type Stockroom } from './stockroom.ts';
import { openStorefront, type Storefront } from './storefront.ts';

export type ShopUnderTest = {
  readonly system: TestSystem;
  readonly stockroom: Stockroom;
  /** A caller's storefront, at the system's own router or at another; closed at the end of the file. */
  open(claims?: Partial<TokenClaims>, url?: string): Promise<Storefront>;
};

type SystemOptions = Parameters<typeof startTestSystem>[0];

/**
 * Starts a system before the file's tests, and stops it behind them.
 * @param options as a function, where they are known only once earlier hooks have run
 */
export function shopUnderTest(options: SystemOptions | (() => SystemOptions) = {}): ShopUnderTest {
  let system: TestSystem | undefined;
  let stockroom: Stockroom | undefined;
  const storefronts: Storefront[] = [];
  const shop: ShopUnderTest = {
    get system() {
      return started(system);
    },
    get stockroom() {
      return started(stockroom);
    },
    async open(claims, url = shop.system.url) {
      const storefront = await openStorefront({ ...shop.system, url }, claims);
      storefronts.push(storefront);
      return storefront;
    },
  };
  beforeAll(async () => {
    system = await startTestSystem(typeof options === 'function' ? options() : options);
    stockroom = await openStockroom(system);
  });
  afterEach(() => expectInvariantsToHold(shop.system));
  afterAll(async () => {
    await Promise.all(
      [...storefronts, ...(stockroom ? [stockroom] : [])].map((each) => each.close()),
    );
    await system?.stop();
  });
  return shop;
}

function started<T>(part: T | undefined): T {
  if (part === undefined) throw new Error('The system is started before the first test');
  return part;
}
