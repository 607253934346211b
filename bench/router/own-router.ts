/** Our router, configured by the environment, as its main file starts it; says when it is there. */
import { readConfig } from '@ordergraph/platform/config.ts';
import { createLogger } from '@ordergraph/platform/logger.ts';
import { routerService } from '@ordergraph/router/service.ts';
import { answerCalls } from '../streams/messages.ts';

const config = readConfig(routerService.configuration, process.env);
await routerService.start(config, createLogger(routerService.name, config.LOG_LEVEL));
answerCalls({});
