package graph

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"lenddesk/access"
	"lenddesk/ent/bankcard"
	"lenddesk/ent/bid"
	"lenddesk/ent/company"
	"lenddesk/ent/document"
	"lenddesk/ent/installment"
	"lenddesk/ent/loan"
	"lenddesk/ent/staff"
	"lenddesk/ent/user"
	"lenddesk/fault"
	"lenddesk/graph/model"
	"lenddesk/lifecycle"
	"lenddesk/reading"
)

func contract() *ast.Schema { return Schema(&Resolver{}).Schema() }

// executed are the object types that gqlgen writes; the list is that of generate.go.
func executed(d *ast.Definition) bool {
	return strings.HasSuffix(d.Name, "Payload") || strings.HasPrefix(d.Name, "__") ||
		slices.Contains([]string{"Query", "Mutation", "Subscription", "UserError", "Session", "LifecycleTable", "Move", "System", "DatabaseInfo", "Parameter", "ParameterValue", "SimulatedCard", "SlowStatement", "Quote", "QuoteLine", "PossibleDuplicate", "PermissionInfo"}, d.Name)
}

func TestEveryPieceIsDescribed(t *testing.T) {
	said := func(what, description string) {
		if strings.TrimSpace(description) == "" {
			t.Errorf("%s has no description", what)
		}
	}
	arguments := func(what string, list ast.ArgumentDefinitionList) {
		for _, a := range list {
			said(what+"("+a.Name+")", a.Description)
		}
	}
	s := contract()
	for name, d := range s.Types {
		if d.BuiltIn {
			continue
		}
		said(name, d.Description)
		for _, f := range d.Fields {
			if strings.HasPrefix(f.Name, "__") {
				continue
			}
			said(name+"."+f.Name, f.Description)
			arguments(name+"."+f.Name, f.Arguments)
		}
		for _, v := range d.EnumValues {
			said(name+"."+v.Name, v.Description)
		}
	}
	for _, name := range []string{"requires", "idempotent"} {
		said("@"+name, s.Directives[name].Description)
		arguments("@"+name, s.Directives[name].Arguments)
	}
}

func TestEveryFieldIsRead(t *testing.T) {
	for _, gap := range reading.Gaps(contract(), executed) {
		t.Error(gap)
	}
}

func TestAGapIsSeen(t *testing.T) {
	s := contract()
	s.Types["User"].Fields = append(s.Types["User"].Fields, &ast.FieldDefinition{Name: "shoeSize", Type: ast.NamedType("Int", nil)})
	s.Types["UserFilter"].Fields = append(s.Types["UserFilter"].Fields, &ast.FieldDefinition{Name: "shoeSize", Type: ast.NamedType("Int", nil)})
	defer func() {
		s.Types["User"].Fields = s.Types["User"].Fields[:len(s.Types["User"].Fields)-1]
		s.Types["UserFilter"].Fields = s.Types["UserFilter"].Fields[:len(s.Types["UserFilter"].Fields)-1]
	}()
	if gaps := reading.Gaps(s, executed); len(gaps) != 2 {
		t.Errorf("a field and a filter that nobody reads: %q", gaps)
	}
}

func TestEveryTypeThatIsReadWritesItself(t *testing.T) {
	writes := map[string]bool{}
	source, err := os.ReadFile("model/writes_gen.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`func \(v (\w+)\) MarshalGQLContext`).FindAllStringSubmatch(string(source), -1) {
		writes[strings.ToLower(m[1])] = true
	}
	for name, d := range contract().Types {
		if d.Kind == ast.Object && !executed(d) && !writes[strings.ToLower(name)] {
			t.Errorf("%s does not write itself", name)
		}
	}
	var user any = model.User{}
	if _, ok := user.(graphql.ContextMarshaler); !ok {
		t.Error("a model's methods are not those that gqlgen looks for")
	}
}

// words turns any list of text-like values into their texts.
func words[T ~string](values ...T) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = string(v)
	}
	return out
}

func TestEnumsOfTheContractAreThoseOfTheCode(t *testing.T) {
	s := contract()
	for name, want := range map[string][]string{
		"Permission":        access.EveryPermission.Names(),
		"ErrorCode":         words(fault.Codes...),
		"UserStatus":        statuses(t, user.StatusValidator),
		"CompanyStatus":     statuses(t, company.StatusValidator),
		"StaffStatus":       statuses(t, staff.StatusValidator),
		"LoanStatus":        statuses(t, loan.StatusValidator),
		"BidStatus":         statuses(t, bid.StatusValidator),
		"BankCardStatus":    statuses(t, bankcard.StatusValidator),
		"DocumentStatus":    statuses(t, document.StatusValidator),
		"InstallmentStatus": statuses(t, installment.StatusValidator),
	} {
		var got []string
		for _, v := range s.Types[name].EnumValues {
			got = append(got, v.Name)
		}
		if name == "Permission" || name == "ErrorCode" {
			if !slices.Equal(got, want) {
				t.Errorf("%s: the contract has %q, the code %q", name, got, want)
			}
			continue
		}
		for _, v := range got {
			if !slices.Contains(want, v) {
				t.Errorf("%s.%s is no status of what is stored", name, v)
			}
		}
	}
}

// statuses are the words of every enum of the contract that ent's validator takes for this column.
func statuses[S ~string](t *testing.T, valid func(S) error) []string {
	t.Helper()
	var taken []string
	for _, d := range contract().Types {
		for _, v := range d.EnumValues {
			if valid(S(v.Name)) == nil && !slices.Contains(taken, v.Name) {
				taken = append(taken, v.Name)
			}
		}
	}
	return taken
}

func TestMovesByStaffAskForTheirPermissionInTheContract(t *testing.T) {
	s := contract()
	for _, table := range lifecycle.Tables {
		for _, line := range table.Lines {
			field := s.Mutation.Fields.ForName(line.Name)
			if field == nil {
				continue
			}
			asked := ""
			if d := field.Directives.ForName("requires"); d != nil {
				asked = d.Arguments.ForName("permission").Value.Raw
			}
			want := ""
			if needed := everybodyNeeds(line); needed != 0 {
				want = needed.Names()[0]
			}
			if asked != want {
				t.Errorf("%s asks for %q in the contract, for %q in the table", line.Name, asked, want)
			}
		}
	}
}

// everybodyNeeds is the permission that every person who may make a move must hold, if there is one. A mutation whose move is the system's own asks for
// none: what it is given, such as the token of a link, says who.
func everybodyNeeds(line lifecycle.Line) access.Permissions {
	if !slices.ContainsFunc(line.By, func(b lifecycle.By) bool { return b.Who != lifecycle.System }) {
		return 0
	}
	needed := access.EveryPermission
	for _, b := range line.By {
		switch b.Who {
		case lifecycle.Permitted:
			needed &= access.Of(b.Permission)
		case lifecycle.Owner, lifecycle.Customer:
			needed &= b.Holding
		case lifecycle.Anyone:
			needed = 0
		}
	}
	return needed
}

func TestMutationsFollowTheConvention(t *testing.T) {
	s := contract()
	for _, f := range s.Mutation.Fields {
		upper := strings.ToUpper(f.Name[:1]) + f.Name[1:]
		if f.Type.String() != upper+"Payload" {
			t.Errorf("%s answers %s", f.Name, f.Type)
			continue
		}
		if e := s.Types[upper+"Payload"].Fields.ForName("userErrors"); e == nil || e.Type.String() != "[UserError!]!" {
			t.Errorf("%sPayload has no userErrors: [UserError!]!", upper)
		}
		if len(f.Arguments) == 0 {
			continue
		}
		input := s.Types[upper+"Input"]
		if len(f.Arguments) != 1 || f.Arguments[0].Name != "input" || input == nil || f.Arguments[0].Type.Name() != input.Name {
			t.Errorf("%s does not take input: %sInput", f.Name, upper)
			continue
		}
		for _, in := range input.Fields {
			if in.Type.NonNull && in.Type.Name() != "ID" {
				t.Errorf("%s.%s is non-null: a missing value must be a userError", input.Name, in.Name)
			}
		}
	}
}

func TestRootListsAndRulesAreTyped(t *testing.T) {
	for kind := range access.Rows {
		if d := contract().Types[string(kind)]; d == nil || !slices.Contains(d.Interfaces, "Node") {
			t.Errorf("%s has a row rule and is no Node of the contract", kind)
		}
	}
	if reflect.ValueOf(access.Rows).Len() == 0 {
		t.Error("no row rules at all")
	}
}

func TestThePermissionsPageIsFresh(t *testing.T) {
	page, err := os.ReadFile("../docs/permissions.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(page) != PermissionTable(contract()) {
		t.Error("docs/permissions.md is stale: run `go generate ./graph`")
	}
}
