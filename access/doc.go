// Package access is who may: the viewer of a request, the permissions, one read rule per entity, and finding the object that
// an input names under that rule.
//
// Who a token belongs to is remembered (Known) for as long as the databases' count of changes of authority stays the same.
//
// It owns the closed list of permissions and what each entity's rows show to whom. It does not own which move needs which
// permission (lifecycle's tables do) nor which field does (the contract's @requires does). Nobody sees anything by default:
// an entity without a rule does not compile into a plan, and a test fails.
package access
