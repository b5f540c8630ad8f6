import { Logger } from '@aws-lambda-powertools/logger';
import type { Log } from '@millrace/core/port';
import type { LogLevel } from './log-level';

/** The log of a function on Lambda: one JSON object a line. Locally use `console-log.ts`. */
export function createLog(options: { readonly service: string; readonly level: LogLevel }): Log {
  const logger = new Logger({ serviceName: options.service, logLevel: options.level });
  return {
    info: (message, fields = {}) => logger.info(message, { ...fields }),
    warn: (message, fields = {}) => logger.warn(message, { ...fields }),
    error: (message, fields = {}) => logger.error(message, { ...fields }),
  };
}
