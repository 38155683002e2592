/**
 * Text that stands where a value should.
 *
 * Only a whole value counts, or a form that marks itself: a password may contain "todo", and a passphrase may
 * begin with "your". "changeit" is no placeholder: it is the password of Java's trust store.
 * @module
 */

const NOUN = String.raw`(?:password|passphrase|passwd|secret|token|key|api[-_ ]?key|credentials?|value)`;

/** Tried without regard to case. */
const PLACEHOLDERS: readonly RegExp[] = [
  /^(?:please[-_ ])?(?:change|replace|update|edit|fill|set)[-_ ]?(?:me|this)(?:[-_ ](?:now|later|please))?[!\d]{0,3}$/,
  /^(?:todo|fixme|tbd)(?::?$|:\s)/,
  /^x{3,}(?:[-_. ]x+)*$/,
  /^(?:[*•.]{3,}|…)$/,
  // <your password>, and the marks of what was blacked out: "[redacted]", postern's own "[secret]"
  /^<[a-z][a-z0-9 _.'-]*>$/,
  /^[[(](?:your|insert|enter|redacted|masked|hidden|removed|secret)(?:[ _-][a-z _-]*)?[\])]$/,
  // what a template or a shell should have filled in
  /^\$\{[a-z_][a-z0-9_]*\}$/,
  /^\$?\{\{[^{}]*\}\}$/,
  /^__[a-z][a-z0-9_]*__$/,
  // what a program printed that had nothing: jq -r, JavaScript
  /^(?:null|undefined|nan|\[object object\])$/,
  /^(?:password|passphrase|passwd|secret|placeholder|redacted)$/,
  new RegExp(`^(?:example|sample|dummy|fake)(?:[-_ ]?${NOUN})?$`),
  new RegExp(
    `^(?:your|insert|enter|put|paste|add)[-_ ](?:(?:your|own|the|an?|new|strong|secure|api|access|secret|private|db|database|client|user|root|admin)[-_ ])*${NOUN}(?:[-_ ]here)?$`,
  ),
];

/** The keys of AWS's documentation, which are in their examples' copies as well. */
const AWS_EXAMPLES = /^(?:A[A-Z]{3}[A-Z0-9]{9}EXAMPLE|[A-Za-z0-9/+]{30}EXAMPLEKEY)$/;

// longer than any of them: bounds what the expressions cost
const MAX_LENGTH = 80;

export function isPlaceholder(text: string): boolean {
  const whole = text.trim();
  if (whole.length > MAX_LENGTH) return false;
  const folded = whole.toLowerCase();
  return AWS_EXAMPLES.test(whole) || PLACEHOLDERS.some((form) => form.test(folded));
}
