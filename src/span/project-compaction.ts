/**
 * Compaction spans: the history before and after, as counts and the replacement.
 */
import type { Compaction } from "../machine/compaction.ts"
import { identity, present, shown, type TraceContext } from "./project.ts"
import type { Span } from "./span.ts"

export const compactionSpan = (context: TraceContext, compaction: Compaction): Span => {
  const { after, before, installedAt } = compaction
  return {
    ...identity(context, compaction.key, compaction.parent),
    kind: "compaction",
    name: "compaction",
    start: compaction.startedAt,
    ...(installedAt !== undefined && { end: Math.max(installedAt, compaction.startedAt) }),
    status: compaction.outcome,
    input: { items: before.length },
    ...(after && {
      output: {
        items: after.length,
        replacement: after.items.slice(0, after.length).map((item) => shown(context, item.value))
      }
    }),
    metadata: present({
      turn_id: compaction.turnId,
      trigger: compaction.trigger,
      summary: compaction.summary,
      items_before: before.length,
      items_after: after?.length,
      tokens_before: compaction.tokensBefore,
      tokens_after: compaction.tokensAfter
    }),
    metrics: {},
    tags: []
  }
}
