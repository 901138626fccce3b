import type { z } from 'zod';

/** What a schema wanted, by the name zod has for it. */
const things: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'settings by name',
  record: 'values by name',
};

/** What is counted where sizes are bounded. */
const units: Readonly<Record<string, string>> = { string: 'letters', array: 'entries' };

/** `at least 1`, `more than 0 letters`, … */
function bound(issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig): string {
  const inclusive = issue.inclusive !== false;
  const unit = units[issue.origin];
  const [words, limit] =
    issue.code === 'too_small'
      ? [inclusive ? 'at least' : 'more than', issue.minimum]
      : [inclusive ? 'at most' : 'less than', issue.maximum];
  if (issue.code === 'too_small' && unit !== undefined && Number(limit) === 1)
    return issue.origin === 'string' ? 'expected text that is not empty' : 'expected at least one entry';
  return unit === undefined ? `expected a number of ${words} ${limit}` : `expected ${words} ${limit} ${unit}`;
}

/** zod's own messages begin like this. */
const ofZod = /^(?:Invalid|Too small|Too big)\b/;

/** What zod refused, in words for a person who knows nothing of it. Messages that a schema brings along stay as they are. */
export function inPlainWords(issue: z.core.$ZodIssue): string {
  if (!ofZod.test(issue.message)) return issue.message;
  switch (issue.code) {
    case 'invalid_type':
      return `expected ${things[issue.expected] ?? issue.expected}`;
    case 'too_small':
    case 'too_big':
      return bound(issue);
    case 'invalid_value':
      return `expected ${issue.values.length > 1 ? 'one of ' : ''}${issue.values.map(String).join(', ')}`;
    default:
      return 'expected something else';
  }
}
