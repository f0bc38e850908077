import signIn from '../examples/1-sign-in.graphql';
import signInVariables from '../examples/1-sign-in.json' with { type: 'text' };
import register from '../examples/2-register.graphql';
import registerVariables from '../examples/2-register.json' with { type: 'text' };
import reviewRegistrations from '../examples/3-review-registrations.graphql';
import approve from '../examples/4-approve.graphql';
import approveVariables from '../examples/4-approve.json' with { type: 'text' };
import lookUp from '../examples/5-look-up.graphql';
import lookUpVariables from '../examples/5-look-up.json' with { type: 'text' };
import bindCard from '../examples/6-bind-card.graphql';
import bindCardVariables from '../examples/6-bind-card.json' with { type: 'text' };
import payBinding from '../examples/7-pay-binding.graphql';
import payBindingVariables from '../examples/7-pay-binding.json' with { type: 'text' };
import cards from '../examples/8-cards.graphql';
import cardsVariables from '../examples/8-cards.json' with { type: 'text' };
import relations from '../examples/9-relations.graphql';
import relationsVariables from '../examples/9-relations.json' with { type: 'text' };
import followEvents from '../examples/18-follow-events.graphql';
import followEventsVariables from '../examples/18-follow-events.json' with { type: 'text' };
import roles from '../examples/15-roles.graphql';
import parameters from '../examples/16-parameters.graphql';
import parametersVariables from '../examples/16-parameters.json' with { type: 'text' };
import system from '../examples/17-system.graphql';

/** The tabs a first visitor finds. GraphiQL titles a tab after its operation. */
export const examples = [
  { query: signIn, variables: signInVariables },
  { query: register, variables: registerVariables },
  { query: reviewRegistrations },
  { query: approve, variables: approveVariables },
  { query: lookUp, variables: lookUpVariables },
  { query: bindCard, variables: bindCardVariables },
  { query: payBinding, variables: payBindingVariables },
  { query: cards, variables: cardsVariables },
  { query: relations, variables: relationsVariables },
  { query: followEvents, variables: followEventsVariables },
  { query: roles },
  { query: parameters, variables: parametersVariables },
  { query: system },
];
