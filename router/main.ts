import { runAsProcess } from '@ordergraph/platform/service.ts';
import { routerService } from './service.ts';
await runAsProcess(routerService, process.env);
