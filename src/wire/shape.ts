/**
 * How this room reads Codex's JSON: strict about what the reducer needs, lenient about everything else.
 *
 * A shape is written once and compiled twice. The strict reading (one Schema decode, a fraction of a microsecond)
 * fits nearly every record; where it fails, the lenient one drops just the optional fields whose type is new, so that
 * a change of format costs a field and not a record. Only a missing required field makes a record malformed.
 */
import { Effect, Option, Result, Schema } from "effect"

/** Makes a field optional: absent, null, or the type that is known today. */
export type Optional = <S extends Schema.Top>(schema: S) => Schema.optionalKey<Schema.NullOr<S>>

const strict: Optional = (schema) => Schema.optionalKey(Schema.NullOr(schema))

const lenient: Optional = (schema) =>
  Schema.optionalKey(
    Schema.NullOr(schema).pipe(Schema.catchDecoding(() => Effect.succeed(Option.some(null)) as never))
  ) as never

/** Decodes a value, or answers undefined where a required field is missing or has another type. */
export type Shape<T> = (value: unknown) => T | undefined

/** Builds the decoder of a shape. `define` is called with the strict and, when first needed, the lenient `Optional`. */
export const shape = <F extends Schema.Struct.Fields>(
  define: (optional: Optional) => F
): Shape<Schema.Struct.Type<F>> => {
  const fast = Schema.decodeUnknownResult(Schema.Struct(define(strict)) as never)
  let slow: typeof fast | undefined
  return (value) => {
    const known = fast(value)
    if (Result.isSuccess(known)) return known.success as Schema.Struct.Type<F>
    slow ??= Schema.decodeUnknownResult(Schema.Struct(define(lenient)) as never)
    const partly = slow(value)
    return Result.isSuccess(partly) ? (partly.success as Schema.Struct.Type<F>) : undefined
  }
}
