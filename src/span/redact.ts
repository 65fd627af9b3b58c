/**
 * Secrets that must not leave the machine, replaced by `[redacted]` wherever they stand in a text.
 *
 * Works on plain text and on JSON text alike, at any depth of JSON inside strings: what is replaced never contains a
 * quote, and a backslash only as part of a whole line break, so what was JSON stays JSON of the same shape. Applied
 * twice it changes nothing more. Names and prefixes stay (`OPENAI_API_KEY=[redacted]`, `ghp_[redacted]`): a trace
 * should say that a key was there. Leaves out everything that needs a guess: a random-looking text without a name or
 * a known prefix is not touched.
 *
 * A clean text costs one pass of each family's pattern and is returned as it is (`bun bench/run.ts redact`).
 */

export const redacted = "[redacted]"

interface Family {
  readonly pattern: RegExp
  readonly replace: (match: string, ...groups: ReadonlyArray<string>) => string
  /** A match ends with a value: one that goes on as a call or an index is source code, and stays. */
  readonly endsWithValue?: true
}

/**
 * Before a token: no letter or digit, and nothing that occurs inside base64, so that encrypted reasoning and images
 * are left alone. In JSON text a line break before it is written `\n`, which ends in a letter.
 */
const start = String.raw`(?:(?<![A-Za-z0-9_+/-])|(?<=\\[nrt]))`

/** An opening quote, escaped as often as the JSON around it is nested. */
const quote = String.raw`\\*["']`

const digit = /\d/

/**
 * Vendors whose keys begin with a word and a `-`, `_` or dot. The separator comes first, then the length of the rest, then
 * the word before it: the rarest test first makes the pattern three times as fast.
 */
const prefixes = [
  "sk-", // OpenAI, Anthropic, OpenRouter, Braintrust, DeepSeek
  "bt-st-", // Braintrust service tokens
  "[srp]k_live_|[sr]k_test_|whsec_", // Stripe
  "gh[opusr]_|github_pat_|glpat-|gldt-|glrt-", // GitHub, GitLab
  "xox[a-z]-|xapp-", // Slack
  "npm_|pypi-|dckr_pat_|rubygems_", // package registries
  "hf_|gsk_|xai-|r8_|pplx-|nvapi-|fw_", // Hugging Face, Groq, xAI, Replicate, Perplexity, NVIDIA, Fireworks
  "dop_v1_|shpat_|shpss_|lin_api_|sntrys_|GOCSPX-|pat-na1-|tfp_|phc_|phx_|secret_|AGE-SECRET-KEY-",
  "ya29\\.|SG\\.|hvs\\." // Google, SendGrid, Vault
].join("|")

const vendorKey: Family = {
  pattern: new RegExp(
    `[-_.](?=[A-Za-z0-9_-]{16})(?<=${start}(?:${prefixes}))[A-Za-z0-9_-]+(?:\\.[A-Za-z0-9_-]{16,})?`,
    "g"
  ),
  replace: (match) => (digit.test(match) ? match[0] + redacted : match)
}

/** Keys known by their form: AWS key ids, Google's keys, JSON web tokens. */
const formed: Family = {
  pattern: new RegExp(
    `A[KS]IA(?<=${start}....)[A-Z0-9]{16}(?![A-Za-z0-9])` +
      `|AIza(?<=${start}....)[A-Za-z0-9_-]{35}` +
      `|eyJ(?<=${start}...)[A-Za-z0-9_-]{8,}\\.eyJ[A-Za-z0-9_-]{8,}\\.[A-Za-z0-9_-]{8,}`,
    "g"
  ),
  replace: () => redacted
}

/** A PEM private key, to its end line or as far as it goes in a text that was cut. */
const privateKey: Family = {
  pattern:
    /-----BEGIN ([A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?)-----(?:[\w+/=:,. \t\r\n]|\\+[nrt])+(?:-----END [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----)?/g,
  replace: (_, label) => `-----BEGIN ${label}-----${redacted}`
}

/** `Authorization: Bearer …` and the like. A word that merely follows "bearer" has no digit. */
const authorization: Family = {
  pattern: /([Bb]earer|BEARER|[Bb]asic|BASIC)( +)([A-Za-z0-9._~+/-]{16,}=*)/g,
  replace: (match, scheme, space, token) => (digit.test(token ?? "") ? `${scheme}${space}${redacted}` : match)
}

/** `scheme://user:password@host`: the password. */
const urlPassword: Family = {
  pattern: /(:\/\/[^\s/@"'\\:[\]<>{}$]*:)([^\s/@"'\\[\]<>{}$]+)@/g,
  replace: (_, head) => `${head}${redacted}@`
}

/** The end of a name whose value is a secret. Before it may stand anything: `MY_APP_TOKEN`, `x-api-key`. */
const secretName =
  "[pP]assword|PASSWORD|[pP]asswd|PASSWD|[pP]assphrase|PASSPHRASE|[sS]ecret|SECRET|[tT]oken|TOKEN|[cC]redentials?|CREDENTIALS?" +
  "|(?:[aA]pi|API|[aA]ccess|ACCESS|[sS]ecret|SECRET|[pP]rivate|PRIVATE|[sS]igning|SIGNING|[eE]ncryption|ENCRYPTION" +
  "|[aA]ccount|ACCOUNT|[aA]uth|AUTH|[mM]aster|MASTER)[-_]?(?:[kK]ey|KEY)" +
  "|[?&][sS]ig|[sS]ignature|SECRET_KEY_BASE|_PWD|_KEY"

/** A value up to its end: none of what ends a word in a shell, in JSON or in source code. */
const valueCharacter = "[^\\s\"'\\\\`;,&|<>()\\[\\]{}$]"
const value = `${valueCharacter}{6,}`

/** Values that stand for a secret without being one. */
const placeholder =
  /^(?:[%*@.]|x{4}|X{4}|your|YOUR|example|process\.|os\.|env\.|import\.|undefined|null|true|false|None)/

const passwordName = /(?:word|wd|phrase)$/i
/** `STRIPE_KEY` may be a key, `CACHE_KEY` may not: only a value that looks like one says so. */
const anyKey = "_KEY"
const capitalName = /[A-Z]{3}$/

/**
 * `NAME=value`, `"name": "value"`, `name: 'value'`. How sure we must be that the value is a secret depends on the
 * form: source code assigns to variables of such names all day.
 */
const assignment: Family = {
  endsWithValue: true,
  pattern: new RegExp(`[=:](?<=(${secretName})(?:${quote})?\\s{0,3}[=:])(>?\\s{0,3}(?:${quote})?)(${value})`, "g"),
  replace: (match, name = "", between = "", secret = "") => {
    if (placeholder.test(secret)) return match
    if (name === anyKey && (secret.length < 20 || !digit.test(secret))) return match
    const hidden = `${match[0]}${between}${redacted}`
    const keyLike = secret.length >= 8 && digit.test(secret)
    if (/["']$/.test(between)) return keyLike || passwordName.test(name) ? hidden : match
    // A shell's assignment, or a query: no spaces.
    if (match[0] === "=" && between === "") {
      return capitalName.test(name) || (keyLike && !secret.includes(".")) ? hidden : match
    }
    // `api_key: 3f9a…` in YAML or a header; `token: Uint8Array` in code.
    return secret.length >= 16 && (secret.match(/\d/g)?.length ?? 0) >= 2 ? hidden : match
  }
}

/** `--password value`: `=` between them is an assignment. */
const argument: Family = {
  endsWithValue: true,
  pattern: new RegExp(
    `(--[a-z-]{0,20}(?:password|passwd|passphrase|token|secret|api-key) +(?:${quote})?)(?!-)(${value})`,
    "g"
  ),
  replace: (match, head = "", secret = "") => (placeholder.test(secret) ? match : head + redacted)
}

const families: ReadonlyArray<Family> = [
  privateKey,
  vendorKey,
  formed,
  authorization,
  urlPassword,
  assignment,
  argument
]

/**
 * Asked when a match is made, and not by the pattern: `TOKEN=TOKEN=…(` would be walked through to its end for each of its
 * assignments, and none of them would match.
 */
const unlessCode =
  (replace: Family["replace"]) =>
  (match: string, ...rest: ReadonlyArray<unknown>): string => {
    const [offset, whole] = rest.slice(-2) as unknown as readonly [number, string]
    const next = whole[offset + match.length]
    return next === "(" || next === "[" ? match : replace(match, ...(rest as ReadonlyArray<string>))
  }

/** The text without its secrets; the same string when there is none. */
export const redact = (text: string): string => {
  let clean = text
  for (const { pattern, replace, endsWithValue } of families) {
    pattern.lastIndex = 0
    if (!pattern.test(clean)) continue
    clean = clean.replace(
      pattern,
      (endsWithValue === true ? unlessCode(replace) : replace) as (match: string) => string
    )
  }
  return clean
}
