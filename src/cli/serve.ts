import type { Command } from './command.ts';
import { runServer } from './run-server.ts';
import { readServeConfig } from './serve-config.ts';

/** `pictor serve [--config FILE] [settings]` */
export const serve: Command = async (call) => runServer(readServeConfig, call);
