/**
 * How late a hook may be heard of, in seconds. Codex starts a process for each, and goes on: on a busy machine hooks
 * come after what they tell of, and overtake each other (seen with 0.169: up to 0.1 s on two busy cores).
 */
export const hookLateness = 1
