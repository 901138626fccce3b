import type { Command } from './command.ts';
import { takeGoFlags } from './go-flags.ts';
import { imgproxyFlags, readImgproxyConfig } from './imgproxy-config.ts';
import { runServer } from './run-server.ts';
import { version } from './version.ts';

/** `pictor imgproxy [-keypath FILE] [-saltpath FILE] [-presets FILE] [-v] [settings]` */
export const imgproxy: Command = async (call) =>
  takeGoFlags(call.args, imgproxyFlags).switches.has('v')
    ? version(call)
    : runServer(readImgproxyConfig, call);
