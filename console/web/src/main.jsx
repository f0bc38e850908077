import './workers.js';
import 'graphiql/style.css';
import './console.css';
import { GraphiQL } from 'graphiql';
import { useCallback, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { examples } from './examples.js';
import { follow, subscribes } from './follow.js';
import { operationOf, post } from './post.js';
import { carefulStorage } from './storage.js';
import { Strip } from './strip.jsx';

function Console() {
  const [operations, setOperations] = useState(0);

  const fetcher = useCallback(async ({ query, variables, operationName }, { headers } = {}) => {
    if (subscribes(query, operationOf(query, operationName)))
      return follow({ query, variables, operationName: operationOf(query, operationName) }, headers);
    if (operationName === 'IntrospectionQuery') return post({ query, operationName }, headers);
    try {
      return await post({ query, variables, operationName: operationOf(query, operationName) }, headers);
    } finally {
      setOperations((count) => count + 1); // any operation may have signed somebody in or out
    }
  }, []);

  return (
    <>
      <Strip operations={operations} />
      <GraphiQL
        fetcher={fetcher}
        defaultTabs={examples}
        defaultEditorToolsVisibility="variables"
        shouldPersistHeaders={false}
        storage={carefulStorage}
      >
        <GraphiQL.Logo>{null}</GraphiQL.Logo>
      </GraphiQL>
    </>
  );
}

createRoot(document.getElementById('root')).render(<Console />);
