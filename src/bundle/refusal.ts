/**
 * Why a bundle, or one event of it, is not reduced. Codex's reducer says the same in one line without a place;
 * here a refusal names the file, the line and the event, and what can be done (rollout-trace.md §4).
 *
 * `Refusal` is thrown inside a rule and caught by the driver only (reduce.ts), which knows the place and throws it on
 * as `BundleRefused`. Nothing else in this room throws on purpose.
 */
import { join } from "node:path"

/** What went wrong, told apart: `rule` is stable, the sentence is for people. */
export type RefusalRule =
  | "manifest"
  | "version"
  | "log"
  | "line"
  | "sequence"
  | "rollout"
  | "payload"
  | "path"
  | "thread"
  | "turn"
  | "inference"
  | "item"
  | "acceptance"
  | "tool"
  | "terminal"
  | "code cell"
  | "compaction"
  | "agent"

/** Thrown by a rule: this event cannot be reduced. */
export class Refusal extends Error {
  readonly rule: RefusalRule
  /** The payload file it is about, relative to the bundle. */
  readonly file: string | undefined
  constructor(rule: RefusalRule, what: string, file?: string) {
    super(what)
    this.rule = rule
    this.file = file
  }
}

/** Throws a `Refusal`. */
export function refuse(rule: RefusalRule, what: string, file?: string): never {
  throw new Refusal(rule, what, file)
}

/** What a reading gives, or the refusal that it throws. */
export const orRefusal = <A>(read: () => A): A | Refusal => {
  try {
    return read()
  } catch (error) {
    if (error instanceof Refusal) return error
    throw error
  }
}

/** The place of an event in the log. */
export interface EventPlace {
  readonly line: number
  readonly seq?: string
  readonly type?: string
}

interface Refused {
  readonly bundle: string
  readonly rule: RefusalRule
  readonly what: string
  readonly file?: string | undefined
  readonly event?: EventPlace | undefined
}

export class BundleRefused extends Error {
  readonly _tag = "BundleRefused"
  readonly bundle: string
  readonly rule: RefusalRule
  readonly what: string
  readonly file: string | undefined
  readonly event: EventPlace | undefined
  constructor({ bundle, event, file, rule, what }: Refused) {
    super(`this bundle cannot be reduced: ${what}`)
    this.bundle = bundle
    this.rule = rule
    this.what = what
    this.file = file
    this.event = event
  }
  get place() {
    const event = this.event === undefined ? [this.bundle] : [join(this.bundle, "trace.jsonl"), placeText(this.event)]
    return [...event, ...(this.file === undefined ? [] : [this.file])].join(", ")
  }
  get hint() {
    if (this.rule === "path")
      return "a bundle is read inside its directory only; copy the file in and fix the reference"
    if (this.rule === "version") return "choose the reducer that wrote it with --as, such as --as 0.142.0"
    if (this.rule === "manifest" || (this.rule === "log" && this.event === undefined))
      return "name the directory that holds manifest.json and trace.jsonl"
    if (this.rule === "line")
      return "--lenient leaves the line out and lists it; if another release wrote it, name that one with --as"
    return "--lenient reduces what can be understood and lists what it left out"
  }
}

/** An event left out in a lenient reduction. */
export interface LeftOut {
  readonly rule: RefusalRule
  readonly what: string
  /** Absent where it is about no event, but about a payload that none of them opened. */
  readonly place?: EventPlace
  readonly file?: string
}

/** `event 12 (line 12, inference_started)`. */
export const placeText = (place: EventPlace): string => {
  const inside = [`line ${place.line}`, ...(place.type === undefined ? [] : [place.type])]
  return place.seq === undefined ? inside.join(", ") : `event ${place.seq} (${inside.join(", ")})`
}
