/** What a browser sees at the root of a v4 mount: no script, no image, nothing to load. */
export const landingPage = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>pictor</title>
<style>
body { margin: 4rem auto; max-width: 40rem; padding: 0 1rem; font: 1rem/1.5 system-ui, sans-serif; }
@media (prefers-color-scheme: dark) { body { background: #16181d; color: #e6e6e6; } }
</style>
</head>
<body>
<h1>The image server is running</h1>
<p>This is pictor, answering imgproxy URLs:</p>
<pre>/{signature}/{options}/plain/{source URL}@{format}</pre>
</body>
</html>
`;
