/** What there is without us: @apollo/gateway in Apollo Server, as their documentation has it. */
import { ApolloGateway } from '@apollo/gateway';
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { answerCalls } from '../streams/messages.ts';

export type StockGatewayCalls = { serve: (supergraphSdl: string) => Promise<string> };

answerCalls({
  async serve(supergraphSdl) {
    const server = new ApolloServer({ gateway: new ApolloGateway({ supergraphSdl }) });
    const { url } = await startStandaloneServer(server, {
      listen: { port: 0, host: '127.0.0.1' },
    });
    return url;
  },
} satisfies StockGatewayCalls);
