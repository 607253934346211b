import { runAsProcess } from '@ordergraph/platform/service.ts';
import { inventoryService } from './service.ts';

await runAsProcess(inventoryService, process.env);
