/**
 * Calls and sockets to subgraphs. They outlive the supergraphs that name them: what an old and a new one both have at the
 * same address is opened once, and closed when the last that has it lets it go.
 */
import type { SubgraphClient } from './subgraph-requests.ts';
import type { Subgraph } from './supergraph.ts';
import type { UpstreamSocket } from './upstream-sockets.ts';

export type SubgraphConnection = {
  readonly client: SubgraphClient;
  /** The same, for what belongs to events of streams: calls made at the same time may become one. */
  readonly batched: SubgraphClient;
  readonly socket: UpstreamSocket;
};

type Opened = { readonly connection: SubgraphConnection; uses: number };

export class SubgraphConnections {
  readonly #open: (subgraph: Subgraph) => SubgraphConnection;
  readonly #opened = new Map<string, Opened>();

  constructor(open: (subgraph: Subgraph) => SubgraphConnection) {
    this.#open = open;
  }

  take(subgraph: Subgraph): SubgraphConnection {
    const key = keyOf(subgraph);
    const opened = this.#opened.get(key) ?? { connection: this.#open(subgraph), uses: 0 };
    opened.uses += 1;
    this.#opened.set(key, opened);
    return opened.connection;
  }

  /** Resolves when it is closed, or at once if somebody else has it still. */
  async release(subgraph: Subgraph): Promise<void> {
    const key = keyOf(subgraph);
    const opened = this.#opened.get(key);
    if (!opened) return;
    opened.uses -= 1;
    if (opened.uses > 0) return;
    this.#opened.delete(key);
    opened.connection.socket.close();
    await opened.connection.client.close();
  }
}

function keyOf({ name, url }: Subgraph): string {
  return `${name}\n${url.href}`;
}
