package graph

import (
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"lenddesk/ent/migrate"
)

// storedEnums are the enums of the contract that are kept in a column, by table and column.
var storedEnums = map[string]string{
	"ServiceRecordStatus": "service_records.status",
	"ExportStatus":        "exports.status", "ExportKind": "exports.kind", "ExportFormat": "exports.format", "ImportStatus": "imports.status", "ImportPolicy": "imports.on_error",
	"UserStatus": "users.status", "CompanyStatus": "companies.status", "StaffStatus": "staff.status", "LoanStatus": "loans.status", "BidStatus": "bids.status",
	"BackupStatus": "backups.status", "BankCardStatus": "bank_cards.status", "DocumentStatus": "documents.status", "InstallmentStatus": "installments.status",
	"CompanyKind": "companies.kind", "DocumentKind": "documents.kind", "RepaymentMethod": "loans.repayment_method", "LoanPurpose": "loans.purpose",
	"ServiceRecordKind": "service_records.kind", "ServiceRequestKind": "service_requests.kind", "ReviewQueueKind": "reviews.step", "ReviewDecision": "reviews.decision",
}

// columnValues are the values that the database takes, by table and column.
func columnValues() map[string][]string {
	values := map[string][]string{}
	for _, table := range migrate.Tables {
		for _, c := range table.Columns {
			if len(c.Enums) > 0 {
				values[table.Name+"."+c.Name] = c.Enums
			}
		}
	}
	return values
}

func values(d *ast.Definition) []string {
	var all []string
	for _, v := range d.EnumValues {
		all = append(all, v.Name)
	}
	return all
}

func TestEnumsOfTheContractAreWhatIsStored(t *testing.T) {
	s, columns := contract(), columnValues()
	for name, column := range storedEnums {
		if columns[column] == nil {
			t.Errorf("there is no column %s with a list of values", column)
			continue
		}
		told, kept := values(s.Types[name]), slices.Clone(columns[column])
		slices.Sort(told)
		slices.Sort(kept)
		if !slices.Equal(told, kept) {
			t.Errorf("%s: the contract has %q, the database takes %q", name, told, kept)
		}
	}
	for name, d := range s.Types {
		if d.Kind == ast.Enum && strings.HasSuffix(name, "Status") && storedEnums[name] == "" {
			t.Errorf("nothing is said of where %s is stored", name)
		}
	}
	for _, state := range columns["messages.state"] {
		if description := s.Types["Message"].Fields.ForName("state").Description; !strings.Contains(description, "`"+state+"`") {
			t.Errorf("Message.state does not tell of %s", state)
		}
	}
}

func TestEveryDirectiveIsDescribed(t *testing.T) {
	for name, d := range contract().Directives {
		if d.Position != nil && d.Position.Src != nil && d.Position.Src.BuiltIn {
			continue
		}
		if strings.TrimSpace(d.Description) == "" {
			t.Errorf("@%s has no description", name)
		}
		for _, a := range d.Arguments {
			if strings.TrimSpace(a.Description) == "" {
				t.Errorf("@%s(%s) has no description", name, a.Name)
			}
		}
	}
}

// In what a mutation takes only ids are non-null, however deep: anything else that is missing must be a userError like the rest.
func TestNothingButIDsIsNeededInInputs(t *testing.T) {
	s := contract()
	seen := map[string]bool{}
	var look func(*ast.Definition)
	look = func(input *ast.Definition) {
		if seen[input.Name] {
			return
		}
		seen[input.Name] = true
		for _, f := range input.Fields {
			of := s.Types[f.Type.Name()]
			if f.Type.NonNull && of.Name != "ID" {
				t.Errorf("%s.%s is non-null", input.Name, f.Name)
			}
			if of.Kind == ast.InputObject {
				look(of)
			}
		}
	}
	for _, m := range s.Mutation.Fields {
		for _, a := range m.Arguments {
			look(s.Types[a.Type.Name()])
		}
	}
	if !seen["RegisterCompanyInput"] {
		t.Error("inputs within inputs are not looked at")
	}
}
