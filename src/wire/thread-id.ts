/**
 * What the id of a thread (and of a turn, a call that Codex makes itself …) looks like: a UUID in small letters, by its
 * time (version 7) since 0.77.
 */

/** As a part of a pattern. */
export const uuidPattern = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"

const whole = new RegExp(`^${uuidPattern}$`)

export const isUuid = (text: string): boolean => whole.test(text)
