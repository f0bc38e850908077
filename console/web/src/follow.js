import { createClient } from 'graphql-sse';
import { getOperationAST, parse } from 'graphql';

/** Whether the operation to run is a subscription. */
export function subscribes(query, operationName) {
  try {
    return getOperationAST(parse(query, { noLocation: true }), operationName)?.operation === 'subscription';
  } catch {
    return false; // the server says what is wrong with the document
  }
}

/** The answers of a subscription, one after another, by server-sent events: one address and the session's cookie, as for everything else. */
export function follow(operation, headers) {
  return createClient({ url: '/graphql', credentials: 'same-origin', headers: () => headers ?? {}, retryAttempts: 5 }).iterate(operation);
}
