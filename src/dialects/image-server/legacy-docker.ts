type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The flags that the start script of the Docker image made of its variables, defaults included. An empty variable counts as
 * unset; without extensions everything may be asked for, unlike on the command line.
 */
export function dockerFlags(env: Environment): readonly string[] {
  const value = (name: string, otherwise: string) => env[name] || otherwise;
  const uploader = value('UPLOADER', 'aws');
  const bucket = value('AWS_S3_BUCKET', 'image-server');
  const region = value('AWS_REGION', 'us-east-1');
  // Another uploader has no bucket that the URL could be of.
  const url = /^(aws|s3)$/i.test(uploader) ? `https://s3-${region}.amazonaws.com/${bucket}` : '';
  const flags = {
    local_base_path: value('LOCAL_BASE_PATH', 'public'),
    uploader,
    aws_bucket: bucket,
    aws_region: region,
    listen: value('SERVER_LISTEN', '0.0.0.0'),
    remote_base_url: value('REMOTE_BASE_URL', url),
    extensions: env['ALLOWED_EXTENSIONS'] ?? '',
  };
  return [
    ...Object.entries(flags).map(([name, text]) => `--${name}=${text}`),
    ...(env['CUSTOM_FLAGS'] ?? '').split(/\s+/).filter((word) => word !== ''),
  ];
}
