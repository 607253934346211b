import { runAsProcess } from '@ordergraph/platform/service.ts';
import { orderService } from './service.ts';

await runAsProcess(orderService, process.env);
