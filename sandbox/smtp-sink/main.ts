import { runProcess, say } from '../run-process.ts';
import { readConfig } from './config.ts';
import { startSmtpSink } from './server.ts';

await runProcess('smtp sink', async () => startSmtpSink({ ...readConfig(process.env), log: say }));
