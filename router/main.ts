import { runAsProcess } from '@ordergraph/platform/service.ts';
import { routerCommand } from './command-line.ts';

const { definition, environment } = routerCommand(process.argv.slice(2), process.env);
await runAsProcess(definition, environment);
