// Signs in, walks the queue of registrations page by page, and approves whom this employee may approve.
//
//   LENDDESK_ADMIN_PASSWORD='…' npm start
//
// LENDDESK_URL (http://127.0.0.1:8080) and LENDDESK_ADMIN_EMAIL (admin@lenddesk.example) say which server and who works.
import { ApproveRegistrationDocument, type FaultFragment, ReviewQueueDocument, type ReviewQueueQuery, SignInDocument } from './generated.js';
import { Lenddesk } from './lenddesk.js';

const said = (faults: readonly FaultFragment[]) => faults.map((f) => `${f.code} ${f.field?.join('.') ?? ''} ${f.message}`).join('; ');

const password = process.env['LENDDESK_ADMIN_PASSWORD'];
if (password === undefined) {
  throw new Error('set LENDDESK_ADMIN_PASSWORD to the password that the first start printed');
}
const nobody = new Lenddesk(process.env['LENDDESK_URL'] ?? 'http://127.0.0.1:8080');
const { signIn } = await nobody.ask(SignInDocument, { login: process.env['LENDDESK_ADMIN_EMAIL'] ?? 'admin@lenddesk.example', password });
if (!signIn?.session) {
  throw new Error(said(signIn?.userErrors ?? []));
}
const me = nobody.as(signIn.session.token);

for (let after: string | null | undefined = null, more = true; more; ) {
  const { reviewQueue }: ReviewQueueQuery = await me.ask(ReviewQueueDocument, { kind: 'REGISTRATION', first: 2, after });
  if (!reviewQueue) {
    throw new Error('no queue');
  }
  if (after === null) {
    console.log(`${reviewQueue.totalCount} registrations wait.`);
  }
  for (const { subject, waitingSince } of reviewQueue.nodes) {
    if (subject?.__typename !== 'User') {
      continue;
    }
    const action = subject.availableActions.find((a) => a.mutation === 'approveRegistration');
    if (!action?.allowed) {
      console.log(`${subject.name}: ${said(action?.blockedBy ?? [])}`);
      continue;
    }
    const { approveRegistration } = await me.ask(ApproveRegistrationDocument, { input: { userId: subject.id, expectedVersion: subject.version } });
    const faults = approveRegistration?.userErrors ?? [];
    console.log(`${subject.name}, waiting since ${waitingSince}: ${approveRegistration?.user?.status ?? said(faults)}`);
  }
  after = reviewQueue.pageInfo.endCursor;
  more = reviewQueue.pageInfo.hasNextPage;
}
