/**
 * What the translators of bundle events share: the place of a line, and the content that came along with it.
 */
import type { PayloadRef } from "../wire/bundle/events.ts"
import type { JsonObject } from "../wire/json.ts"
import type { DomainEvent } from "./event.ts"

/** What a row knows of the line that it translates. */
export interface BundlePlace {
  readonly threadId: string
  /** Unix seconds. */
  readonly at: number
  readonly bytes: number
  readonly recorded: true
  readonly turnId?: string
}

/** Reads the payload that an event refers to; undefined where it refers to none, or its content did not come along. */
export type Payloads = (reference: PayloadRef | null) => JsonObject | undefined

export type Told = ReadonlyArray<DomainEvent>
