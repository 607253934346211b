/** The router as a process. What Node has compiled once it keeps for the next start, which is then a quarter cheaper. */
import { enableCompileCache } from 'node:module';

enableCompileCache();
// Only what is imported from here on is kept.
const { runAsProcess } = await import('@ordergraph/platform/service.ts');
const { routerCommand } = await import('./command-line.ts');

const { definition, environment } = routerCommand(process.argv.slice(2), process.env);
await runAsProcess(definition, environment);
