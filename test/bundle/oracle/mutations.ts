/**
 * Ways in which a bundle can be wrong: cut at each event, each payload lost, the rows of rollout-trace.md §4, and
 * random damage. A mutation is a name and new texts; the originals are shared, never changed.
 */
import type { Random } from "./random.ts"
import type { BundleTexts } from "./texts.ts"

export interface Mutation {
  readonly name: string
  readonly texts: BundleTexts
}

type Json = null | boolean | number | string | Array<Json> | { [key: string]: Json }

/** Cut after each whole line. */
export function* cuts(texts: BundleTexts): Generator<Mutation> {
  for (let length = 0; length < texts.lines.length; length++) {
    yield { name: `cut after line ${length}`, texts: { ...texts, lines: texts.lines.slice(0, length), ending: "\n" } }
  }
  yield { name: "last newline missing", texts: { ...texts, ending: "" } }
  yield {
    name: "last line torn",
    texts: withLines(texts, (lines) => lines.with(-1, (lines.at(-1) ?? "").slice(0, -5)))
  }
}

/** Each payload file lost, and each one broken. */
export function* lostPayloads(texts: BundleTexts): Generator<Mutation> {
  for (const path of texts.payloads.keys()) {
    const lost = new Map(texts.payloads)
    lost.delete(path)
    yield { name: `${path} lost`, texts: { ...texts, payloads: lost } }
    const broken = new Map(texts.payloads).set(path, (texts.payloads.get(path) ?? "").slice(0, -1))
    yield { name: `${path} broken`, texts: { ...texts, payloads: broken } }
  }
}

/** Each line left out, doubled, or swapped with the next; with numbers closed up, so that a rule decides. */
export function* movedLines(texts: BundleTexts): Generator<Mutation> {
  for (let at = 0; at < texts.lines.length; at++) {
    const line = texts.lines[at] ?? ""
    yield { name: `line ${at + 1} left out`, texts: renumber(withLines(texts, (lines) => lines.toSpliced(at, 1))) }
    yield { name: `line ${at + 1} doubled`, texts: renumber(withLines(texts, (lines) => lines.toSpliced(at, 0, line))) }
    yield {
      name: `line ${at + 1} swapped`,
      texts: renumber(withLines(texts, (lines) => lines.toSpliced(at, 2, lines[at + 1] ?? "", line)))
    }
  }
}

const withLines = (texts: BundleTexts, change: (lines: Array<string>) => ReadonlyArray<string>): BundleTexts => ({
  ...texts,
  lines: change([...texts.lines]).filter((line) => line !== "")
})

/** Numbers the events from 1. */
export const renumber = (texts: BundleTexts): BundleTexts =>
  withLines(texts, (lines) => lines.map((line, index) => line.replace(/"seq":\d+/, `"seq":${index + 1}`)))

const manifestWith = (texts: BundleTexts, change: { readonly [key: string]: Json | undefined }): BundleTexts => ({
  ...texts,
  manifest: JSON.stringify({ ...(JSON.parse(texts.manifest) as object), ...change })
})

/** The rows of the table of refusals that are about the frame of a bundle. */
export function* frames(texts: BundleTexts): Generator<Mutation> {
  const manifest = JSON.parse(texts.manifest) as { [key: string]: Json }
  for (const key of Object.keys(manifest)) {
    yield { name: `manifest without ${key}`, texts: manifestWith(texts, { [key]: undefined }) }
    yield { name: `manifest ${key} of another type`, texts: manifestWith(texts, { [key]: { odd: true } }) }
    yield { name: `manifest ${key} null`, texts: manifestWith(texts, { [key]: null }) }
    yield {
      name: `manifest ${key} twice`,
      texts: { ...texts, manifest: texts.manifest.replace("{", `{"${key}":${JSON.stringify(manifest[key])},`) }
    }
    if (typeof manifest[key] === "string") {
      yield { name: `manifest ${key} altered`, texts: manifestWith(texts, { [key]: "another" }) }
    }
  }
  for (const version of [0, 1, 2, 3, -1, 2 ** 32]) {
    yield { name: `manifest schema ${version}`, texts: manifestWith(texts, { schema_version: version }) }
  }
  for (const start of ["6.0", "-5", "9223372036854775807", "9223372036854775808", "1e3"]) {
    const manifest = texts.manifest.replace(/"started_at_unix_ms":\s*\d+/, `"started_at_unix_ms":${start}`)
    yield { name: `manifest started at ${start}`, texts: { ...texts, manifest } }
  }
  yield { name: "empty log", texts: { ...texts, lines: [] } }
  yield { name: "blank lines", texts: { ...texts, lines: texts.lines.flatMap((line) => ["", `  ${line}`, " \t "]) } }
  yield { name: "CRLF", texts: { ...texts, lines: texts.lines.map((line) => `${line}\r`) } }
  yield { name: "BOM in the log", texts: withLines(texts, (lines) => lines.with(0, `\uFEFF${lines[0]}`)) }
  yield { name: "a line after the end", texts: withLines(texts, (lines) => [...lines, lines.at(-1) ?? ""]) }
  yield { name: "renumbered from 2", texts: withLines(renumber(texts), (lines) => lines.slice(1)) }
  for (const [what, pattern, value] of envelopeChanges) {
    const at = Math.floor(texts.lines.length / 2)
    const changed = (texts.lines[at] ?? "").replace(pattern, value)
    yield { name: `event with ${what}`, texts: withLines(texts, (lines) => lines.with(at, changed)) }
  }
}

const envelopeChanges: ReadonlyArray<readonly [what: string, pattern: RegExp, value: string]> = [
  ["schema 1", /"schema_version":\d/, '"schema_version":1'],
  ["schema 2", /"schema_version":\d/, '"schema_version":2'],
  ["schema 3", /"schema_version":\d/, '"schema_version":3'],
  ["another rollout", /"rollout_id":"[^"]*"/, '"rollout_id":"another"'],
  ["seq as text", /"seq":(\d+)/, '"seq":"$1"'],
  ["seq as decimal", /"seq":(\d+)/, '"seq":$1.0'],
  ["negative time", /"wall_time_unix_ms":\d+/, '"wall_time_unix_ms":-5'],
  ["huge time", /"wall_time_unix_ms":\d+/, '"wall_time_unix_ms":9223372036854775807'],
  ["too huge time", /"wall_time_unix_ms":\d+/, '"wall_time_unix_ms":9223372036854775808'],
  ["minus zero time", /"wall_time_unix_ms":\d+/, '"wall_time_unix_ms":-0'],
  ["no time", /"wall_time_unix_ms":\d+,/, ""],
  ["seq twice", /"seq":(\d+)/, '"seq":$1,"seq":$1'],
  ["an unknown key", /\{/, '{"odd":[1,{}],'],
  ["an unknown key twice", /\{/, '{"odd":1,"odd":2,'],
  ["no thread", /"thread_id":"[^"]*"/, '"thread_id":null'],
  ["another thread", /"thread_id":"[^"]*"/, '"thread_id":"another"'],
  ["another turn", /"codex_turn_id":"[^"]*"/, '"codex_turn_id":"another"'],
  ["an unknown type", /"type":"[^"]*"/, '"type":"odd"'],
  ["type other", /"type":"[^"]*"/, '"type":"other"'],
  ["type twice", /"type":("[^"]*")/, '"type":$1,"type":$1'],
  ["a lone surrogate", /\{/, '{"odd":"\\ud800",'],
  ["a deep value", /\{/, `{"odd":${"[".repeat(126)}${"]".repeat(126)},`],
  ["a too deep value", /\{/, `{"odd":${"[".repeat(127)}${"]".repeat(127)},`]
]

/** One random change of a line or a payload; numbers are mostly closed up. */
export const randomDamage = (texts: BundleTexts, random: Random): Mutation => {
  const times = random.oneOf([1, 1, 1, 2, 3])
  let result = texts
  const names: Array<string> = []
  for (let i = 0; i < times; i++) {
    const [name, changed] = damageOnce(result, random)
    names.push(name)
    result = changed
  }
  return { name: names.join("; "), texts: random.chance(0.9) ? renumber(result) : result }
}

const damageOnce = (texts: BundleTexts, random: Random): readonly [string, BundleTexts] => {
  const at = random.below(texts.lines.length)
  const paths = [...texts.payloads.keys()]
  switch (
    random.oneOf(["remove", "double", "move", "event", "event", "event", "payload", "payload", "payload", "lose"])
  ) {
    case "remove":
      return [`line ${at + 1} removed`, withLines(texts, (lines) => lines.toSpliced(at, 1))]
    case "double": {
      const to = random.below(texts.lines.length)
      return [`line ${at + 1} again at ${to + 1}`, withLines(texts, (lines) => lines.toSpliced(to, 0, lines[at] ?? ""))]
    }
    case "move": {
      const to = random.below(texts.lines.length)
      const line = texts.lines[at] ?? ""
      return [
        `line ${at + 1} moved to ${to + 1}`,
        withLines(texts, (lines) => lines.toSpliced(at, 1).toSpliced(to, 0, line))
      ]
    }
    case "event": {
      const [what, line] = damageJson(texts.lines[at] ?? "", random)
      return [`line ${at + 1}: ${what}`, withLines(texts, (lines) => lines.with(at, line))]
    }
    case "payload": {
      const path = random.oneOf(paths)
      const [what, content] = damageJson(texts.payloads.get(path) ?? "", random)
      return [`${path}: ${what}`, { ...texts, payloads: new Map(texts.payloads).set(path, content) }]
    }
    default: {
      const path = random.oneOf(paths)
      const payloads = new Map(texts.payloads)
      payloads.delete(path)
      return [`${path} lost`, { ...texts, payloads }]
    }
  }
}

/** Changes one value somewhere inside a JSON text. */
const damageJson = (text: string, random: Random): readonly [string, string] => {
  const root = parsed(text)
  if (root === undefined) return ["left as it is", text]
  const places: Array<{ readonly holder: Array<Json> | { [key: string]: Json }; readonly key: string }> = []
  collect(root, places, 0)
  if (places.length === 0) return ["left as it is", text]
  const { holder, key } = random.oneOf(places)
  const holderObject = holder as { [key: string]: Json }
  const old = holderObject[key] as Json
  const strings = places.flatMap((place) => {
    const value = (place.holder as { [key: string]: Json })[place.key]
    return typeof value === "string" ? [value] : []
  })
  switch (random.oneOf(["delete", "null", "type", "string", "string", "number", "same-key"])) {
    case "delete":
      if (Array.isArray(holder)) holder.splice(Number(key), 1)
      else delete holder[key]
      return [`${key} deleted`, JSON.stringify(root)]
    case "null":
      holderObject[key] = null
      return [`${key} null`, JSON.stringify(root)]
    case "type":
      holderObject[key] = random.oneOf<Json>([true, 7, "text", {}, [], 1.5, -3])
      return [`${key} of another type`, JSON.stringify(root)]
    case "number":
      holderObject[key] = typeof old === "number" ? random.oneOf([old + 1, -old, 0, 2 ** 40]) : 12
      return [`${key} another number`, JSON.stringify(root)]
    case "same-key": {
      if (Array.isArray(holder) && holder.length > 1) {
        holder.push(old)
        return [`${key} repeated in its array`, JSON.stringify(root)]
      }
      holderObject[key] = old
      return ["left as it is", JSON.stringify(root)]
    }
    default: {
      const other = random.oneOf([...strings, "odd", ""])
      holderObject[key] = other
      return [`${key} = ${JSON.stringify(other).slice(0, 60)}`, JSON.stringify(root)]
    }
  }
}

const parsed = (text: string): Json | undefined => {
  try {
    return JSON.parse(text) as Json
  } catch {
    return undefined
  }
}

const depthMax = 7

const collect = (
  value: Json,
  into: Array<{ readonly holder: Array<Json> | { [key: string]: Json }; readonly key: string }>,
  depth: number
): void => {
  if (value === null || typeof value !== "object" || depth > depthMax) return
  for (const key of Object.keys(value)) {
    // Tool definitions are most of a request and nothing that the reducer reads.
    if (key === "tools" || key === "instructions") continue
    into.push({ holder: value as { [key: string]: Json }, key })
    collect((value as { [key: string]: Json })[key] as Json, into, depth + 1)
  }
}
