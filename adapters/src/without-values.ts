/**
 * What a service says of a request, for the log: it may quote values of the request, which are data. From
 * the first quotation mark to the last of its kind, as the value itself may hold some.
 */
export function withoutValues(message: string): string {
  return message.replace(/'.*'/s, "'…'").replace(/".*"/s, '"…"');
}
