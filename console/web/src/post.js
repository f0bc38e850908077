import { Kind, parse } from 'graphql';

/**
 * Sends one operation to the server the page came from, with the session's cookie, and gives its answer.
 * Throws when the answer is no GraphQL response.
 */
export async function post(operation, headers) {
  const response = await fetch('/graphql', {
    method: 'POST',
    credentials: 'same-origin',
    headers: {
      ...headers,
      'Content-Type': 'application/json',
      Accept: 'application/graphql-response+json, application/json',
    },
    body: JSON.stringify(operation),
  });
  try {
    return await response.json();
  } catch {
    throw new Error(`The server answered ${response.status} without a GraphQL response.`);
  }
}

/**
 * The operation to run. GraphiQL learns the chosen one a moment after a tab opens, so where the document has only one
 * operation that one is meant.
 */
export function operationOf(query, chosen) {
  try {
    const operations = parse(query).definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION);
    return operations.length === 1 ? operations[0].name?.value : chosen;
  } catch {
    return chosen; // the server says what is wrong with the document
  }
}
