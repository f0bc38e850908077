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
import apply from '../examples/10-apply.graphql';
import applyVariables from '../examples/10-apply.json' with { type: 'text' };
import reviewLoans from '../examples/11-review-loans.graphql';
import reviewLoansVariables from '../examples/11-review-loans.json' with { type: 'text' };
import listLoan from '../examples/12-list-loan.graphql';
import listLoanVariables from '../examples/12-list-loan.json' with { type: 'text' };
import placeBid from '../examples/13-place-bid.graphql';
import placeBidVariables from '../examples/13-place-bid.json' with { type: 'text' };
import fund from '../examples/14-fund.graphql';
import fundVariables from '../examples/14-fund.json' with { type: 'text' };
import repay from '../examples/15-repay.graphql';
import repayVariables from '../examples/15-repay.json' with { type: 'text' };
import roles from '../examples/16-roles.graphql';
import parameters from '../examples/17-parameters.graphql';
import parametersVariables from '../examples/17-parameters.json' with { type: 'text' };
import system from '../examples/18-system.graphql';
import followEvents from '../examples/19-follow-events.graphql';
import followEventsVariables from '../examples/19-follow-events.json' with { type: 'text' };
import exportUsers from '../examples/20-export.graphql';
import exportUsersVariables from '../examples/20-export.json' with { type: 'text' };

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
  { query: apply, variables: applyVariables },
  { query: reviewLoans, variables: reviewLoansVariables },
  { query: listLoan, variables: listLoanVariables },
  { query: placeBid, variables: placeBidVariables },
  { query: fund, variables: fundVariables },
  { query: repay, variables: repayVariables },
  { query: roles },
  { query: parameters, variables: parametersVariables },
  { query: system },
  { query: followEvents, variables: followEventsVariables },
  { query: exportUsers, variables: exportUsersVariables },
];
