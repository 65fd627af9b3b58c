/**
 * Images as references: type, size and hash in the place of megabytes of base64.
 *
 * A reference stays an `image_url`, so that what reads the item still sees an image: `data:` gives way to
 * `image:<media type>;bytes=<n>;sha256=<hash>`. Items without an image are returned as they are.
 */
import { createHash } from "node:crypto"
import type { Json, JsonObject } from "../wire/json.ts"

const dataUrl = /^data:([^;,]+);base64,/

/** What stands for an image that was written out. */
export const imageReference = (url: string): string => {
  const found = dataUrl.exec(url)
  if (found === null) return url
  const bytes = Buffer.from(url.slice(found[0].length), "base64")
  const hash = createHash("sha256").update(bytes).digest("hex")
  return `image:${found[1]};bytes=${bytes.length};sha256=${hash}`
}

/** The value with every written-out image replaced by its reference. */
export const referenced = (value: Json): Json => {
  if (typeof value === "string") return value.startsWith("data:image/") ? imageReference(value) : value
  if (Array.isArray(value)) {
    let changed = false
    const parts = value.map((part: Json) => {
      const next = referenced(part)
      if (next !== part) changed = true
      return next
    })
    return changed ? parts : value
  }
  if (typeof value !== "object" || value === null) return value
  let copy: { [key: string]: Json } | undefined
  for (const [key, part] of Object.entries(value as JsonObject)) {
    const next = referenced(part)
    if (next === part) continue
    copy ??= { ...(value as JsonObject) }
    copy[key] = next
  }
  return copy ?? value
}
