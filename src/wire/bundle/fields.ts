/**
 * Typed reading of bundle JSON: a decoder is a function from a strict JSON value to a typed one, and a struct is a
 * table of decoders. It stands where Effect's Schema stands elsewhere, because a verdict depends on what a Schema
 * cannot see: whether an integer was written as one, 64-bit values, and keys that occur twice (rollout-trace.md §1.2).
 *
 * Owns the decoders; events.ts, manifest.ts and payloads.ts are the tables. Unknown keys are ignored everywhere.
 */
import {
  isArray,
  isObject,
  isOrdered,
  JsonNumber,
  type JsonObject,
  type JsonValue,
  member,
  numberText
} from "./json.ts"

/** An integer of up to 64 bits: a bigint only where a number would lose digits. */
export type Integer = number | bigint

/** A value that does not have the form its place demands. */
export class Malformed extends Error {
  private place = ""
  private readonly what: string
  constructor(what: string) {
    super(what)
    this.what = what
  }
  /** Says under which key the value stood, from the inside outwards. */
  within(key: string): this {
    this.place = this.place === "" ? key : `${key}.${this.place}`
    this.message = `${this.place}: ${this.what}`
    return this
  }
}

/** `undefined` is an absent member. Throws `Malformed`. */
export type Decoder<A> = (value: JsonValue | undefined) => A
export type Decoded<D> = D extends Decoder<infer A> ? A : never

const kindOf = (value: JsonValue | undefined): string =>
  value === undefined
    ? "nothing"
    : value === null
      ? "null"
      : isArray(value)
        ? "an array"
        : isObject(value)
          ? "an object"
          : numberText(value) !== undefined
            ? `the number ${numberText(value)}`
            : `a ${typeof value}`

const expected = (what: string, value: JsonValue | undefined): never => {
  throw new Malformed(`expected ${what}, found ${kindOf(value)}`)
}

export const text: Decoder<string> = (value) => (typeof value === "string" ? value : expected("a string", value))

export const flag: Decoder<boolean> = (value) => (typeof value === "boolean" ? value : expected("true or false", value))

/** Any value, but a value. */
export const anything: Decoder<JsonValue> = (value) => (value === undefined ? expected("a value", value) : value)

const wholeNumber = /^-?\d+$/

/** The integer that a literal is, if it is written as one and lies within the bounds. */
export const integerWithin = (value: JsonValue | undefined, min: bigint, max: bigint): Integer | undefined => {
  if (typeof value === "number" && Number.isSafeInteger(value)) return value >= min && value <= max ? value : undefined
  const text = numberText(value)
  if (text === undefined || !wholeNumber.test(text)) return undefined
  const small = Number(text)
  if (Number.isSafeInteger(small)) return small >= min && small <= max ? small : undefined
  const exact = BigInt(text)
  return exact >= min && exact <= max ? exact : undefined
}

const integer =
  (what: string, min: bigint, max: bigint): Decoder<Integer> =>
  (value) =>
    integerWithin(value, min, max) ?? expected(what, value)

/** An integer of the event log or the manifest, where `-0` is none; in payloads it is 0. */
export const literal =
  (decoder: Decoder<Integer>): Decoder<Integer> =>
  (value) =>
    value instanceof JsonNumber && value.minusZero ? expected("an integer", value) : decoder(value)

export const int64Min = -(2n ** 63n)
export const int64Max = 2n ** 63n - 1n
export const i64 = integer("a 64-bit integer", int64Min, int64Max)
export const u64 = integer("an unsigned 64-bit integer", 0n, 2n ** 64n - 1n)
export const u32 = integer("an unsigned 32-bit integer", 0n, 2n ** 32n - 1n)
export const i32 = integer("a 32-bit integer", -(2n ** 31n), 2n ** 31n - 1n)

export const oneOf =
  <const T extends string>(...allowed: ReadonlyArray<T>): Decoder<T> =>
  (value) =>
    allowed.includes(value as T) ? (value as T) : expected(allowed.map((name) => `"${name}"`).join(" or "), value)

/** Absent and null are the same: null. */
export const optional =
  <A>(decoder: Decoder<A>): Decoder<A | null> =>
  (value) =>
    value === undefined || value === null ? null : decoder(value)

/** Absent only: null is a value of the wrong type. */
export const withDefault =
  <A>(decoder: Decoder<A>, fallback: A): Decoder<A> =>
  (value) =>
    value === undefined ? fallback : decoder(value)

export const list =
  <A>(decoder: Decoder<A>): Decoder<ReadonlyArray<A>> =>
  (value) => {
    if (!isArray(value)) return expected("an array", value)
    return value.map((item, index) => inside(decoder, item, `[${index}]`))
  }

type Table = { readonly [key: string]: Decoder<unknown> }
export type Struct<T extends Table> = { readonly [K in keyof T]: Decoded<T[K]> }

const inside = <A>(decoder: Decoder<A>, value: JsonValue | undefined, key: string): A => {
  try {
    return decoder(value)
  } catch (error) {
    throw error instanceof Malformed ? error.within(key) : error
  }
}

const fields = <T extends Table>(table: T, object: JsonObject): Struct<T> => {
  const out: { [key: string]: unknown } = {}
  let at = ""
  try {
    for (at in table) out[at] = (table[at] as Decoder<unknown>)(member(object, at))
  } catch (error) {
    throw error instanceof Malformed ? error.within(at) : error
  }
  return out as Struct<T>
}

/** A struct inside a payload: of a repeated key the last value counts. */
export const struct =
  <T extends Table>(table: T): Decoder<Struct<T>> =>
  (value) =>
    isObject(value) ? fields(table, value) : expected("an object", value)

/** A struct of the event log or the manifest: a known key that is there twice is refused. */
export const record =
  <T extends Table>(table: T): Decoder<Struct<T>> =>
  (value) => {
    if (!isObject(value)) return expected("an object", value)
    const twice = isOrdered(value) && value.repeated?.find((key) => Object.hasOwn(table, key))
    if (typeof twice === "string") throw new Malformed(`${twice} is there twice`)
    return fields(table, value)
  }

type Variants = { readonly [type: string]: Table }
/** The union of a table of variants, told apart by `type`. */
export type Tagged<V extends Variants> = {
  readonly [K in keyof V]: { readonly type: K } & Struct<V[K]>
}[keyof V]

/** A variant without fields of its own is the same object every time: there are many of them. */
const variant = (type: string, table: Table): Decoder<unknown> => {
  const decoder = record(table)
  if (Object.keys(table).length > 1) return decoder
  const constant = Object.freeze({ type })
  return (value) => {
    decoder(value)
    return constant
  }
}

/** A record whose `type` says which of the tables applies; the fields keep the order of the table. */
export const tagged = <V extends Variants>(variants: V, what: string): Decoder<Tagged<V>> => {
  const tables = new Map(Object.entries(variants).map(([type, table]) => [type, { type: text, ...table }]))
  const decoders = new Map([...tables].map(([type, table]) => [type, variant(type, table)]))
  return (value) => {
    if (!isObject(value)) return expected("an object", value)
    const type = inside(text, member(value, "type"), "type")
    const decoder = decoders.get(type)
    if (decoder === undefined) throw new Malformed(`unknown ${what} "${type}"`)
    return decoder(value) as Tagged<V>
  }
}
