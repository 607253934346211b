import { runAsProcess } from '@ordergraph/platform/service.ts';
import { notificationService } from './service.ts';

await runAsProcess(notificationService, process.env);
