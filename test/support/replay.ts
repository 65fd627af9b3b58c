/**
 * What tests of confluence share: chance that can be repeated, and spans that can be compared.
 */
import { isModelInput } from "../../src/span/model-input.ts"
import type { Span } from "../../src/span/span.ts"

/** Numbers from 0 to 1, the same for the same seed. */
export const dice = (seed: number) => () => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
  return seed / 2 ** 32
}

/** A span as plain JSON, model inputs written out. */
export const plainSpan = (span: Span): unknown =>
  JSON.parse(
    JSON.stringify(span, (_, value) =>
      isModelInput(value) ? value.items.slice(0, value.length).map((item) => item.value) : value
    )
  )
