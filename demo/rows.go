package demo

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"time"

	"lenddesk/ent"
	"lenddesk/ent/allocation"
	"lenddesk/ent/bankcard"
	"lenddesk/ent/bankcardattempt"
	"lenddesk/ent/bid"
	"lenddesk/ent/company"
	"lenddesk/ent/disbursement"
	"lenddesk/ent/document"
	"lenddesk/ent/event"
	"lenddesk/ent/installment"
	"lenddesk/ent/loan"
	"lenddesk/ent/message"
	"lenddesk/ent/repayment"
	"lenddesk/ent/review"
	"lenddesk/ent/servicerecord"
	"lenddesk/ent/servicerequest"
	"lenddesk/ent/staff"
	"lenddesk/ent/user"
	"lenddesk/key"
)

// table is where rows of one type are written: each exported field of ent's entity is a column, in ent's own order.
type table struct {
	name    string
	columns []string
	fields  []int
}

// The tables of a book, each after those that it refers to.
var (
	companies     = tableOf[ent.Company](company.Table, company.Columns)
	employees     = tableOf[ent.Staff](staff.Table, staff.Columns)
	employeeRoles = tableOf[employeeRole](staff.RolesTable, staff.RolesPrimaryKey)
	customers     = tableOf[ent.User](user.Table, user.Columns)
	cards         = tableOf[ent.BankCard](bankcard.Table, bankcard.Columns)
	attempts      = tableOf[ent.BankCardAttempt](bankcardattempt.Table, bankcardattempt.Columns)
	loans         = tableOf[ent.Loan](loan.Table, loan.Columns)
	bids          = tableOf[ent.Bid](bid.Table, bid.Columns)
	installments  = tableOf[ent.Installment](installment.Table, installment.Columns)
	orders        = tableOf[ent.Disbursement](disbursement.Table, disbursement.Columns)
	repayments    = tableOf[ent.Repayment](repayment.Table, repayment.Columns)
	allocations   = tableOf[ent.Allocation](allocation.Table, allocation.Columns)
	requests      = tableOf[ent.ServiceRequest](servicerequest.Table, servicerequest.Columns)
	documents     = tableOf[ent.Document](document.Table, document.Columns)
	reviews       = tableOf[ent.Review](review.Table, review.Columns)
	records       = tableOf[ent.ServiceRecord](servicerecord.Table, servicerecord.Columns)
	messages      = tableOf[ent.Message](message.Table, message.Columns)
	events        = tableOf[ent.Event](event.Table, event.Columns)
)

// counted are the tables whose rows get their keys from the book: every one with a key.
var counted = map[key.Kind]*table{
	key.KindCompany: companies, key.KindStaff: employees, key.KindUser: customers, key.KindBankCard: cards, key.KindBankCardAttempt: attempts,
	key.KindLoan: loans, key.KindBid: bids, key.KindInstallment: installments, key.KindDisbursement: orders, key.KindRepayment: repayments, key.KindServiceRequest: requests,
	key.KindDocument: documents, key.KindReview: reviews, key.KindServiceRecord: records, key.KindMessage: messages, key.KindEvent: events,
	kindAllocation: allocations,
}

// kindAllocation has no place among the kinds: nobody asks for an allocation by an id.
const kindAllocation key.Kind = "Allocation"

// everyTable is the names of all, for whoever needs them for itself.
func everyTable() []string {
	names := []string{employeeRoles.name}
	for _, t := range counted {
		names = append(names, t.name)
	}
	slices.Sort(names)
	return names
}

// employeeRole is the row that gives an employee a role.
type employeeRole struct {
	Staff key.Staff
	Role  key.Role
}

// tableOf finds the field of each column. That there is one for each holds as long as ent generates both from the same list.
func tableOf[R any](name string, columns []string) *table {
	t := &table{name: name, columns: columns}
	row := reflect.TypeFor[R]()
	for i := range row.NumField() {
		if f := row.Field(i); f.IsExported() && f.Name != "Edges" {
			t.fields = append(t.fields, i)
		}
	}
	if len(t.fields) != len(columns) {
		panic(fmt.Sprintf("demo: %s has %d columns for %d fields of %s", name, len(columns), len(t.fields), row))
	}
	return t
}

// values are what the columns of some rows get; rows is a slice of pointers to entities.
func (t *table) values(rows reflect.Value) ([][]any, error) {
	all := make([][]any, rows.Len())
	cells := make([]any, len(all)*len(t.fields))
	var err error
	for i := range all {
		row := rows.Index(i).Elem()
		all[i], cells = cells[:len(t.fields):len(t.fields)], cells[len(t.fields):]
		for c, f := range t.fields {
			if all[i][c], err = stored(row.Field(f)); err != nil {
				return nil, fmt.Errorf("%s.%s: %w", t.name, t.columns[c], err)
			}
		}
	}
	return all, nil
}

// stored is a field as a driver takes it: what is optional and not there is null.
func stored(v reflect.Value) (any, error) {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return nil, nil
		}
		return stored(v.Elem())
	case reflect.Int, reflect.Int64:
		return v.Int(), nil
	case reflect.String:
		return v.String(), nil
	case reflect.Bool:
		return v.Bool(), nil
	case reflect.Slice, reflect.Map:
		switch {
		case v.Len() == 0:
			return nil, nil
		case v.Type().Elem().Kind() == reflect.Uint8:
			return v.Bytes(), nil
		}
		return json.Marshal(v.Interface())
	}
	if at, ok := v.Interface().(time.Time); ok {
		return at, nil
	}
	return nil, fmt.Errorf("a %s is not stored", v.Type())
}
