/**
 * Skills that the user names: in the item of his message (0.155 +), and in the message by which Codex then gives the
 * model the skill's text (all versions that have skills; all that a bundle or an older transcript tells).
 *
 * A skill that the model finds by itself is no more than the reading of a file: see span/project-tool.ts.
 */
import type { JsonObject } from "../wire/json.ts"
import { isObject } from "../wire/record.ts"
import { skillNameIn } from "./codex-words.ts"
import type { DomainEvent } from "./event.ts"

/** What a line says of skills besides what it is: its length is counted there. */
export const skillsNamed = (
  skills: ReadonlyArray<string>,
  place: Omit<Extract<DomainEvent, { readonly _tag: "SkillsNamed" }>, "_tag" | "skills">
): ReadonlyArray<DomainEvent> => (skills.length === 0 ? [] : [{ _tag: "SkillsNamed", ...place, bytes: 0, skills }])

/** The skills whose text a message gives the model. */
export const skillsGiven = ({ type, role, content }: JsonObject): ReadonlyArray<string> => {
  if (type !== "message" || role !== "user" || !Array.isArray(content)) return []
  return content.flatMap((part) => {
    const name = isObject(part) && typeof part.text === "string" ? skillNameIn(part.text) : undefined
    return name === undefined ? [] : [name]
  })
}
