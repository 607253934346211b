import { runAsProcess } from '@ordergraph/platform/service.ts';
import { paymentService } from './service.ts';

await runAsProcess(paymentService, process.env);
