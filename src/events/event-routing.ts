import { ANY, type EventSubject, type Topic } from "./event-listeners.ts";

/**
 * How events find their way through a topic exchange: `TYPE.BUILD.PROJECT`, each one word, `-` where the event has
 * nothing to say of it (https://www.rabbitmq.com/tutorials/tutorial-five-javascript).
 */
export function routingKeyOf({ type, buildId, projectId }: EventSubject): string {
  return [type, buildId ?? NONE, projectId ?? NONE].map(word).join(".");
}

/** What a queue is bound by to get the events of a topic. */
export function bindingKeyOf(topic: Topic): string {
  return topic.map((part) => (part === ANY ? ANY : word(part))).join(".");
}

/** Of the message that says that events were lost. No event has a key of one word. */
export const GAP_KEY = "gap";

const NONE = "-";

/** Two ids that become one only bring events too many, which the process leaves out itself. */
function word(text: string): string {
  return text.replaceAll(/[.*#]/g, "_");
}
