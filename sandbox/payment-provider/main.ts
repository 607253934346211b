import { runProcess, say } from '../run-process.ts';
import { readConfig } from './config.ts';
import { startPaymentProvider } from './server.ts';

await runProcess('payment provider', async () =>
  startPaymentProvider({ ...readConfig(process.env), log: say }),
);
