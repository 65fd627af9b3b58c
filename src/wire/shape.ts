/**
 * How this room reads Codex's JSON: strict about what the reducer needs, lenient about everything else.
 *
 * A shape is written once, as a Schema, and read in three ways, each only where the one before did not fit. Its plain
 * reader, made from the Schema's own syntax tree, takes nearly every record in a tenth of the time of a decode. The
 * strict decode says what the plain reader cannot. The lenient one drops just the optional fields whose type is new,
 * so that a change of format costs a field and not a record. Only a missing required field makes a record malformed.
 */
import { Effect, Option, Result, Schema, SchemaAST } from "effect"

/** Makes a field optional: absent, null, or the type that is known today. */
export type Optional = <S extends Schema.Top>(schema: S) => Schema.optionalKey<Schema.NullOr<S>>

const strict: Optional = (schema) => Schema.optionalKey(Schema.NullOr(schema))

/**
 * As `strict`, and null where the value has another type. `as never`: what catches has another class than the union that
 * it wraps, and decodes to the same values, which is all that `Optional` promises.
 */
const lenient: Optional = (schema) =>
  Schema.optionalKey(Schema.NullOr(schema).pipe(Schema.catchDecoding(() => Effect.succeed(Option.some(null))))) as never

/** Decodes a value, or answers undefined where a required field is missing or has another type. */
export type Shape<T> = (value: unknown) => T | undefined

// -------------------------------------------------------------------------------------------------------- Plain readers

/** What a plain reader answers where a value is not exactly what the Schema describes. */
const misfit = Symbol("misfit")

/** Answers the value as the Schema would decode it, or `misfit`. */
type PlainReader = (value: unknown) => unknown

const ofType =
  (type: "string" | "number" | "boolean"): PlainReader =>
  (value) =>
    typeof value === type ? value : misfit

const structReader = (ast: SchemaAST.Objects): PlainReader | undefined => {
  const fields: Array<{ readonly name: string; readonly read: PlainReader; readonly optional: boolean }> = []
  for (const { name, type } of ast.propertySignatures) {
    const read = plainReader(type)
    if (read === undefined || typeof name !== "string") return undefined
    fields.push({ name, read, optional: SchemaAST.isOptional(type) })
  }
  return (value) => {
    if (typeof value !== "object" || value === null) return misfit
    const out: { [name: string]: unknown } = {}
    for (const { name, read, optional } of fields) {
      const member = (value as { readonly [name: string]: unknown })[name]
      if (member === undefined) {
        if (optional) continue
        return misfit
      }
      const kept = read(member)
      if (kept === misfit) return misfit
      out[name] = kept
    }
    return out
  }
}

/** A reader for what records are made of: texts, numbers, structs and lists of anything. Undefined for other Schemas. */
const plainReader = (ast: SchemaAST.AST): PlainReader | undefined => {
  if (ast.checks !== undefined || ast.encoding !== undefined) return undefined
  if (SchemaAST.isUnknown(ast)) return (value) => value
  if (SchemaAST.isString(ast)) return ofType("string")
  if (SchemaAST.isNumber(ast)) return ofType("number")
  if (SchemaAST.isBoolean(ast)) return ofType("boolean")
  if (SchemaAST.isObjects(ast)) return ast.indexSignatures.length > 0 ? undefined : structReader(ast)
  if (SchemaAST.isArrays(ast)) {
    const [rest, ...more] = ast.rest
    const isList = ast.elements.length === 0 && more.length === 0 && rest !== undefined
    return isList && SchemaAST.isUnknown(rest) ? (value) => (Array.isArray(value) ? value : misfit) : undefined
  }
  if (!SchemaAST.isUnion(ast)) return undefined
  const [some, none, ...more] = ast.types
  if (some === undefined || none === undefined || more.length > 0 || !SchemaAST.isNull(none)) return undefined
  const read = plainReader(some)
  return read && ((value) => (value === null ? null : read(value)))
}

// --------------------------------------------------------------------------------------------------------------- Shapes

/** Builds the decoder of a shape. `define` is called with the strict and, when first needed, the lenient `Optional`. */
export const shape = <F extends Schema.Struct.Fields>(
  define: (optional: Optional) => F
): Shape<Schema.Struct.Type<F>> => {
  type Type = Schema.Struct.Type<F>
  const schema = Schema.Struct(define(strict))
  const plain = plainReader(schema.ast)
  // `as never`: whether a struct needs services to decode depends on its fields, which are not known here; those of
  // records need none.
  type Decode = ReturnType<typeof Schema.decodeUnknownResult<never>>
  let [exact, partial]: [Decode?, Decode?] = []
  return (value) => {
    const read = plain === undefined ? misfit : plain(value)
    if (read !== misfit) return read as Type
    exact ??= Schema.decodeUnknownResult(schema as never)
    const known = exact(value)
    if (Result.isSuccess(known)) return known.success as Type
    partial ??= Schema.decodeUnknownResult(Schema.Struct(define(lenient)) as never)
    const partly = partial(value)
    return Result.isSuccess(partly) ? (partly.success as Type) : undefined
  }
}
