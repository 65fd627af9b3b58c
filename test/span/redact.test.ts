/**
 * What is a secret and what is not, as a table, and the promises of redaction as properties.
 *
 * The keys are made up and put together here, so that no scanner takes this file for a leak.
 */
import { describe, expect, test } from "bun:test"
import { Arbitrary, Schema } from "effect"
import { redact } from "../../src/span/redact.ts"
import { describeCorpus, transcriptsOf } from "../support/corpus.ts"
import { holds } from "../support/property.ts"

/** Random-looking characters, with digits. */
const noise = (length: number) => "a1B2c3D4e5F6".repeat(20).slice(0, length)

const pem = (label: string, lineBreak: string) =>
  [`-----BEGIN ${label}-----`, noise(64), noise(30), `-----END ${label}-----`].join(lineBreak)

/** What it is, the text, and what is left of it. */
const secrets: ReadonlyArray<readonly [string, string, string]> = [
  ["an OpenAI key", `key is sk-proj-${noise(40)}.`, "key is sk-[redacted]."],
  ["an Anthropic key", `sk-ant-api03-${noise(60)}`, "sk-[redacted]"],
  ["a Braintrust service token", `bt-st-${noise(40)}`, "bt-st-[redacted]"],
  ["a GitHub token", `https://github.com?t=ghp_${noise(36)}`, "https://github.com?t=ghp_[redacted]"],
  ["a fine-grained GitHub token", `github_pat_${noise(60)}`, "github_pat_[redacted]"],
  ["a GitLab token", `glpat-${noise(20)}`, "glpat-[redacted]"],
  ["a Slack token", `xoxb-1234567890-${noise(24)}`, "xoxb-[redacted]"],
  ["a Stripe key", `sk_live_${noise(24)}`, "sk_live_[redacted]"],
  ["a Stripe webhook secret", `whsec_${noise(32)}`, "whsec_[redacted]"],
  [
    "an npm token",
    `//registry.npmjs.org/:_authToken=npm_${noise(36)}`,
    "//registry.npmjs.org/:_authToken=npm_[redacted]"
  ],
  ["a PyPI token", `pypi-${noise(80)}`, "pypi-[redacted]"],
  ["a Hugging Face token", `hf_${noise(34)}`, "hf_[redacted]"],
  ["an AWS key id", "id AKIAABCDEFGH12345678 there", "id [redacted] there"],
  ["an AWS secret", `aws_secret_access_key = "${noise(40)}"`, 'aws_secret_access_key = "[redacted]"'],
  [
    "an AWS secret in a shell",
    `export AWS_SECRET_ACCESS_KEY=${noise(20)}/${noise(19)}`,
    "export AWS_SECRET_ACCESS_KEY=[redacted]"
  ],
  ["a Google key", `AIza${noise(35)}`, "[redacted]"],
  ["a SendGrid key", `SG.${noise(22)}.${noise(43)}`, "SG.[redacted]"],
  ["a Vault token", `hvs.${noise(90)}`, "hvs.[redacted]"],
  ["a JSON web token", `eyJ${noise(20)}.eyJ${noise(30)}.${noise(43)}`, "[redacted]"],
  ["a bearer token", `Authorization: Bearer ${noise(32)}`, "Authorization: Bearer [redacted]"],
  [
    "basic authentication",
    `curl -H 'authorization: basic ${noise(24)}=='`,
    "curl -H 'authorization: basic [redacted]'"
  ],
  ["a password in an address", "postgres://app:hunter2@db:5432/x", "postgres://app:[redacted]@db:5432/x"],
  ["a signed address", `https://s3/o?X-Amz-Signature=${noise(64)}&y=1`, "https://s3/o?X-Amz-Signature=[redacted]&y=1"],
  [
    "an RSA key",
    `before\n${pem("RSA PRIVATE KEY", "\n")}\nafter`,
    "before\n-----BEGIN RSA PRIVATE KEY-----[redacted]\nafter"
  ],
  [
    "an SSH key inside JSON",
    JSON.stringify({ key: pem("OPENSSH PRIVATE KEY", "\n") }),
    '{"key":"-----BEGIN OPENSSH PRIVATE KEY-----[redacted]"}'
  ],
  ["a PEM key that was cut off", pem("PRIVATE KEY", "\n").slice(0, 70), "-----BEGIN PRIVATE KEY-----[redacted]"],
  ["a variable of a shell", "DB_PASSWORD=correct-horse", "DB_PASSWORD=[redacted]"],
  ["a key of any vendor in a shell", `TAVILY_KEY=${noise(32)}`, "TAVILY_KEY=[redacted]"],
  ["a key of Rails", `SECRET_KEY_BASE: ${noise(64)}`, "SECRET_KEY_BASE: [redacted]"],
  ["a JSON member", '{"password":"hunter22"}', '{"password":"[redacted]"}'],
  [
    "a member of JSON inside JSON",
    JSON.stringify({ arguments: '{"api_key":"abc123def456"}' }),
    '{"arguments":"{\\"api_key\\":\\"[redacted]\\"}"}'
  ],
  ["a header", `x-api-key: ${noise(32)}`, "x-api-key: [redacted]"],
  ["source code with a key in it", `const apiKey = "${noise(24)}"`, 'const apiKey = "[redacted]"'],
  ["a form", `client_secret=${noise(20)}&grant_type=x`, "client_secret=[redacted]&grant_type=x"],
  ["an argument", "mysql --password hunter22 -h db", "mysql --password [redacted] -h db"],
  ["a key after a line break of JSON", JSON.stringify(`one\nsk-${noise(30)}`), '"one\\nsk-[redacted]"']
]

const harmless: ReadonlyArray<readonly [string, string]> = [
  ["a variable that names a key", "const apiKey = process.env.OPENAI_API_KEY"],
  ["a type", "password: string; token: Uint8Array; secret?: string"],
  ["a call", "token = getToken(); const secret = makeSecret('x')"],
  ["a call in a shell's form", "TOKEN=getToken2() SECRET=secrets[index1]"],
  ["a placeholder", 'OPENAI_API_KEY=$OPENAI_API_KEY api_key="<your-key>" TOKEN=xxxxxxxx'],
  ["token counts", '{"total_tokens":123456789,"max_output_tokens":"10000000"}'],
  ["a word with a dash", "task-management-for-everyone-2024 disk-encryption-is-a-long-word-1"],
  ["encrypted reasoning", `{"encrypted_content":"gAAAAAB${noise(60)}_sk-${noise(30)}-ghp_${noise(36)}"}`],
  ["an image", `data:image/png;base64,iVBORw0KGgo/AKIAABCDEFGH12345678/${noise(40)}`],
  ["a public key", "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A\n-----END PUBLIC KEY-----"],
  ["an address with a port", "http://localhost:3000/path?key=value and user@host.com:22"],
  ["a key that is none", "CACHE_KEY=v1-linux-node SORT_KEY=created PWD=/home/me/work2 OLDPWD=/home/me1"],
  ["a commit", "commit 55515ffab0c8d6d4d8ad6f1a6e2b1c4c37a0cd11"],
  ["a call id", '{"call_id":"call_Qm8sK1pZ0vXk2bN7yT4wE9aL"}'],
  ["the word bearer", "the bearer authentication-mechanism is described below"]
]

describe("secrets", () => {
  for (const [what, text, left] of secrets)
    test(`${what} does not leave the machine`, () => expect(redact(text)).toBe(left))
})

describe("what only looks like one", () => {
  for (const [what, text] of harmless) test(`${what} stays as it is`, () => expect(redact(text)).toBe(text))
})

test("a text that is one long row of assignments costs no square of its length", () => {
  // With a square it would be minutes, and the test would run out of time.
  const row = `${"TOKEN=".repeat(200_000)}(`
  expect(redact(row)).toBe(row)
})

/** Texts made of secrets, harmless things and what stands between them. */
const piece = Arbitrary.schema(
  Schema.Union([
    Schema.Literals([...secrets.map(([, text]) => text), ...harmless.map(([, text]) => text)] as [
      string,
      ...Array<string>
    ]),
    Schema.Literals([
      " ",
      "\n",
      '"',
      "'",
      "\\",
      "\\n",
      "=",
      ":",
      "password",
      "TOKEN=",
      "sk-",
      "://",
      "@",
      "日本",
      "\u0001"
    ]),
    Schema.String
  ])
)
const text = Arbitrary.map(Arbitrary.array(piece, { maxLength: 8 }), (pieces) => pieces.join(""))

/** The same value with every string emptied: its shape. */
const shapeOf = (value: unknown): unknown =>
  typeof value === "string"
    ? ""
    : Array.isArray(value)
      ? value.map(shapeOf)
      : typeof value === "object" && value !== null
        ? Object.fromEntries(Object.entries(value).map(([key, member]) => [key, shapeOf(member)]))
        : value

describe("promises", () => {
  holds("what was redacted is not redacted again", text, (value) => redact(redact(value)) === redact(value))

  holds("JSON stays JSON of the same shape, at any depth of JSON inside JSON", text, (value) => {
    const nested = [1, 2, 3].reduce<unknown>((inner) => ({ output: JSON.stringify(inner), text: value }), value)
    const parsed: unknown = JSON.parse(redact(JSON.stringify(nested)))
    for (let level = parsed; typeof level === "object" && level !== null && "output" in level; ) {
      expect(shapeOf(level)).toEqual({ output: "", text: "" })
      level = JSON.parse(String(level.output))
    }
    return true
  })

  holds(
    "text without names, prefixes and separators of secrets is the same string",
    Arbitrary.schema(Schema.String.check(Schema.isPattern(/^[A-Za-z0-9 .()\n]*$/))),
    (value) => redact(value) === value
  )
})

describeCorpus("recorded sessions without secrets", (cases) => {
  test("come out as they went in", async () => {
    for (const one of cases) {
      for (const file of transcriptsOf(one)) {
        for (const line of (await Bun.file(file).text()).split("\n")) expect(redact(line)).toBe(line)
      }
    }
  })
})
