/**
 * Names of buckets, those from before 2018 included. Not an ARN: that would name a bucket in another way than the operator
 * does. Without a slash and never a dot first, so that it is a folder's name as well.
 */
const bucketPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{1,254}$/;

/** Whether there can be a bucket of this name, wherever buckets are. */
export const isBucketName = (name: string): boolean => bucketPattern.test(name);
