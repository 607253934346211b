import { runAsProcess } from '@ordergraph/platform/service.ts';
import { analyticsService } from './service.ts';

await runAsProcess(analyticsService, process.env);
