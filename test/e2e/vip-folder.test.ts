/** vip's language with a folder in place of buckets. */
import { describeVip, folderGround } from './vip.ts';

describeVip('a folder', folderGround);
