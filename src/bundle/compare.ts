/**
 * Two states side by side: where a `state.json` differs from the graph that we made of the same bundle.
 *
 * Owns the comparison of values, key by key and in both directions, with numbers as they are written. Leaves out
 * nothing: where all values agree and the texts do not, the form is the difference.
 */
import { isArray, isObject, type JsonValue, keysOf, member, numberText } from "../wire/bundle/json.ts"
import { compactJson } from "../wire/bundle/json-text.ts"

export interface Difference {
  /** Keys and indexes from the top, such as `threads.T1.nickname`. */
  readonly path: string
  /** Compact JSON, cut; undefined where the side has nothing there. */
  readonly ours: string | undefined
  readonly theirs: string | undefined
}

const shownLengthMax = 120

const shown = (value: JsonValue | undefined): string | undefined => {
  if (value === undefined) return undefined
  const text = compactJson(value)
  return text.length > shownLengthMax ? `${text.slice(0, shownLengthMax)}…` : text
}

/** Where two values differ, in the order of the keys of ours. */
export function* differences(
  ours: JsonValue | undefined,
  theirs: JsonValue | undefined,
  path = ""
): Generator<Difference> {
  if (isObject(ours) && isObject(theirs)) {
    const keys = new Set([...keysOf(ours), ...keysOf(theirs)])
    for (const key of keys)
      yield* differences(member(ours, key), member(theirs, key), path === "" ? key : `${path}.${key}`)
  } else if (isArray(ours) && isArray(theirs)) {
    for (let i = 0; i < Math.max(ours.length, theirs.length); i++) {
      yield* differences(ours[i], theirs[i], `${path}[${i}]`)
    }
  } else if (!sameScalar(ours, theirs)) yield { path, ours: shown(ours), theirs: shown(theirs) }
}

const sameScalar = (a: JsonValue | undefined, b: JsonValue | undefined): boolean =>
  a === b || (numberText(a) !== undefined && numberText(a) === numberText(b))
