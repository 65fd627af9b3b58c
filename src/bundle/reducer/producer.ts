/**
 * What produced an item: each producer is named once, in order of discovery (rollout-trace.md §2.2).
 */
import type { Producer } from "../state.ts"
import type { Item } from "./reduction.ts"

/** Names a producer of an item, unless it is named already. */
export const addProducer = (item: Item, producer: Producer): void => {
  if (!item.state.produced_by.some((known) => sameProducer(known, producer))) item.state.produced_by.push(producer)
}

const sameProducer = (a: Producer, b: Producer): boolean => a.type === b.type && producerId(a) === producerId(b)

const producerId = (producer: Producer): string => {
  switch (producer.type) {
    case "inference":
      return producer.inference_call_id
    case "tool":
      return producer.tool_call_id
    case "code_cell":
      return producer.code_cell_id
    case "compaction":
      return producer.compaction_id
  }
}
