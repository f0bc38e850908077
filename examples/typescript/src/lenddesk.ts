import { print } from 'graphql';
import type { TypedDocumentNode } from '@graphql-typed-document-node/core';

/** What an answer has beside data when something is no business answer: docs/api.md has the closed list of codes. */
export type Refusal = { message: string; path?: (string | number)[]; extensions?: { code?: string } };

/** Thrown for an answer with top-level errors. */
export class Refused extends Error {
  constructor(readonly errors: Refusal[]) {
    super(errors.map((e) => `${e.extensions?.code ?? 'ERROR'}: ${e.message}`).join('\n'));
  }
}

/** A server, spoken to as whoever the token is of; without one, as nobody. */
export class Lenddesk {
  constructor(
    private readonly url: string,
    private readonly token?: string,
  ) {}

  /** The same server, spoken to by somebody. */
  as(token: string): Lenddesk {
    return new Lenddesk(this.url, token);
  }

  /** Sends one operation; variables and answer have its types. */
  async ask<Answer, Variables>(document: TypedDocumentNode<Answer, Variables>, variables: Variables): Promise<Answer> {
    const response = await fetch(new URL('/graphql', this.url), {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        Accept: 'application/json',
        'Accept-Language': 'en',
        ...(this.token === undefined ? {} : { Authorization: `Bearer ${this.token}` }),
      },
      body: JSON.stringify({ query: print(document), variables }),
    });
    const answer = (await response.json()) as { data?: Answer | null; errors?: Refusal[] };
    if (answer.errors !== undefined || answer.data === null || answer.data === undefined) {
      throw new Refused(answer.errors ?? [{ message: `status ${response.status}` }]);
    }
    return answer.data;
  }
}
