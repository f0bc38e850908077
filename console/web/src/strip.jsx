import { useCallback, useEffect, useRef, useState } from 'react';
import { post } from './post.js';

const whoQuery = 'query Who { viewer { user { name } staff { name } permissions } }';
const signOutMutation = 'mutation SignOut { signOut { userErrors { message } } }';

/** Who is signed in by the session's cookie, asked anew after each operation, and the way out. */
export function Strip({ operations }) {
  const [who, setWho] = useState({ asking: true });
  const asked = useRef(0);

  const ask = useCallback(async () => {
    const turn = ++asked.current;
    const answer = await whoIsIt();
    if (turn === asked.current) setWho(answer);
  }, []);

  useEffect(() => {
    ask();
  }, [ask, operations]);

  async function signOut() {
    try {
      await post({ query: signOutMutation, operationName: 'SignOut' });
    } finally {
      await ask();
    }
  }

  return (
    <header className="strip">
      <strong className="strip-name">lenddesk</strong>
      <span className="strip-who" role="status">{sentence(who)}</span>
      {who.name && (
        <button type="button" className="strip-out" onClick={signOut}>
          Sign out
        </button>
      )}
    </header>
  );
}

async function whoIsIt() {
  try {
    const { data, errors } = await post({ query: whoQuery, operationName: 'Who' });
    const viewer = data?.viewer;
    const person = viewer?.staff ?? viewer?.user;
    if (person) return { name: person.name, staff: Boolean(viewer.staff), permissions: viewer.permissions.length };
    return errors?.some(({ extensions }) => extensions?.code !== 'UNAUTHENTICATED')
      ? { trouble: errors[0].message }
      : {};
  } catch {
    return { trouble: 'The server does not answer.' };
  }
}

function sentence({ asking, trouble, name, staff, permissions }) {
  if (asking) return '';
  if (trouble) return trouble;
  if (!name) return 'Nobody is signed in';
  return (
    <>
      <b>{name}</b> · {staff ? 'staff' : 'customer'} · {permissions} {permissions === 1 ? 'permission' : 'permissions'}
    </>
  );
}
