package reading

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"github.com/99designs/gqlgen/graphql"

	"lenddesk/access"
	"lenddesk/ent/apikey"
	"lenddesk/ent/backup"
	"lenddesk/ent/company"
	"lenddesk/ent/event"
	"lenddesk/ent/export"
	"lenddesk/ent/importation"
	"lenddesk/ent/importfault"
	"lenddesk/ent/message"
	"lenddesk/ent/role"
	"lenddesk/ent/servicerecord"
	"lenddesk/ent/staff"
	"lenddesk/ent/user"
	"lenddesk/ent/webhook"
	"lenddesk/ent/webhookdelivery"
	"lenddesk/fault"
	"lenddesk/identity"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/seal"
	"lenddesk/store"
	"lenddesk/text"
)

// types is the table of every object type that is read from rows.
func types() map[string]*Type {
	all := map[string]*Type{}
	for _, t := range slices.Concat(people(), lending(), management(), trail()) {
		all[t.Name] = t
	}
	return all
}

var (
	newest  = Order{Column: "created_at", Desc: true, Type: aTime}
	byName  = Order{Column: "name", Type: aText}
	created = map[string]Order{"CREATED_AT": newest}
	named   = map[string]Order{"CREATED_AT": newest, "NAME": byName}
	// Events stand in the order in which they were written, which a clock that is set back does not turn round.
	timeline = map[string]Order{"AT": {Column: event.FieldID, Desc: true, Type: aKey}, "PLACE": {Column: event.FieldPosition, Type: aPlace}}
)

// living are the fields of what has a lifecycle.
func living(kind key.Kind, fields map[string]Field) map[string]Field {
	maps.Copy(fields, map[string]Field{
		"id": id(kind), "version": number("version"), "createdAt": instant("created_at"), "updatedAt": instant("updated_at"),
		"availableActions": {Actions: true},
	})
	if _, ok := fields["timeline"]; !ok {
		fields["timeline"] = about("Event", kind)
	}
	return fields
}

// masked is a sealed column, shown masked.
func masked(what seal.Purpose, mask func(string) string, column string) Field {
	return Field{Columns: columns(column), Write: func(w *writer, row []store.Cell) { w.masked(what, mask, row[0]) }}
}

// inFull is the mask of what everybody who sees the row may read: the number of a firm or of an employee.
func inFull(s string) string { return s }

// people are customers, their firms, and who works here.
func people() []*Type {
	return []*Type{
		{
			Name: "User", Kind: key.KindUser, Table: user.Table, Orders: named, Default: newest,
			Fields: living(key.KindUser, map[string]Field{
				"status": letters(user.FieldStatus), "name": letters(user.FieldName), "source": {
					Columns: []Column{{Expr: forStaff(user.FieldSource)}}, Write: func(w *writer, row []store.Cell) { w.text(row[0]) },
				}, "email": letters(user.FieldEmail), "locale": letters(user.FieldLocale),
				"kinds": {Columns: columns(user.FieldBorrower, user.FieldInvestor), Write: kinds},
				"tags": {
					Columns: []Column{{Expr: forStaff(user.FieldTags)}}, Null: func(w *writer) { w.buf = append(w.buf, "[]"...) },
					Write: func(w *writer, row []store.Cell) { w.raw(row[0]) },
				},
				"maskedPhone":      masked(seal.Phone, identity.MaskPhone, user.FieldPhone),
				"maskedNationalId": masked(seal.NationalID, identity.MaskNationalID, user.FieldNationalID),
				"company":          one("Company", user.FieldCompanyID), "accountManager": one("Staff", user.FieldAccountManagerID),
				"previousUser": one("User", user.FieldPreviousUserID), "erasedAt": instant(user.FieldErasedAt),
				"bankCards": many("BankCard", "user_id"), "loans": many("Loan", "borrower_id"), "bids": many("Bid", "investor_id"),
				"documents": about("Document", key.KindUser), "serviceRecords": many("ServiceRecord", "user_id"),
				"timeline": many("Event", "user_id"), "statistics": {Part: "UserStatistics"},
			}),
			Filters: map[string]Filter{
				"status": anyOf(user.FieldStatus), "kind": kind, "name": prefix(user.FieldName), "email": email(user.FieldEmail), "tag": tag,
				"phone": sealed(user.FieldPhoneHash, seal.Phone, identity.Phone), "nationalId": sealed(user.FieldNationalIDHash, seal.NationalID, nationalID),
				"accountManagerId": pointsTo(user.FieldAccountManagerID, key.KindStaff), "companyId": pointsTo(user.FieldCompanyID, key.KindCompany),
				"createdFrom": at("created_at", sql.GTE), "createdTo": at("created_at", sql.LT),
			},
		},
		{Name: "UserStatistics", Kind: key.KindUser, Table: user.Table, Fields: statistics()},
		{
			Name: "Company", Kind: key.KindCompany, Table: company.Table, Orders: named, Default: newest,
			Fields: living(key.KindCompany, map[string]Field{
				"kind": letters(company.FieldKind), "status": letters(company.FieldStatus), "name": letters(company.FieldName), "creditCode": letters(company.FieldCreditCode),
				"industry": letters(company.FieldIndustry), "legalRepresentative": letters(company.FieldLegalRepresentative), "address": letters(company.FieldAddress),
				"phone":             masked(seal.Phone, inFull, company.FieldPhone),
				"registeredCapital": amount(company.FieldRegisteredCapital), "establishedOn": letters(company.FieldEstablishedOn),
				"users": many("User", "company_id"), "staff": many("Staff", "company_id"), "documents": about("Document", key.KindCompany),
			}),
			Filters: map[string]Filter{
				"kind": anyOf(company.FieldKind), "status": anyOf(company.FieldStatus), "name": prefix(company.FieldName),
				"creditCode": exactly(company.FieldCreditCode), "industry": anyOf(company.FieldIndustry),
			},
		},
		{
			Name: "Staff", Kind: key.KindStaff, Table: staff.Table, Orders: named, Default: byName,
			Fields: living(key.KindStaff, map[string]Field{
				"status": letters(staff.FieldStatus), "name": letters(staff.FieldName), "email": letters(staff.FieldEmail),
				"phone": masked(seal.Phone, inFull, staff.FieldPhone), "employeeNumber": letters(staff.FieldEmployeeNumber), "department": letters(staff.FieldDepartment),
				"secondFactor": {Columns: columns("id", staff.FieldTotpSince), Write: func(w *writer, row []store.Cell) { w.truth(!row[1].Null()) }},
				"company":      one("Company", staff.FieldCompanyID), "customers": many("User", "account_manager_id"),
				"roles":       plainList(throughPairs("Role", staff.RolesTable, "staff_id", "role_id")),
				"permissions": {Columns: []Column{{Expr: permissionsOf}}, Write: permissions, Null: func(w *writer) { w.buf = append(w.buf, "[]"...) }},
			}),
			Filters: map[string]Filter{
				"status": anyOf(staff.FieldStatus), "companyId": pointsTo(staff.FieldCompanyID, key.KindCompany), "department": exactly(staff.FieldDepartment),
			},
		},
		{
			Name: "Role", Kind: key.KindRole, Table: role.Table, Default: byName,
			Fields: map[string]Field{
				"id": id(key.KindRole), "version": number("version"), "name": letters(role.FieldName), "description": letters(role.FieldDescription),
				"permissions": list(role.FieldPermissions), "builtIn": flag(role.FieldBuiltIn),
				"staff": throughPairs("Staff", staff.RolesTable, "role_id", "staff_id"),
			},
		},
		{
			Name: "ApiKey", Kind: key.KindAPIKey, Table: apikey.Table, Default: newest,
			Fields: map[string]Field{
				"id": id(key.KindAPIKey), "name": letters(apikey.FieldName), "lastUsedAt": instant(apikey.FieldLastUsedAt), "expiresAt": instant(apikey.FieldExpiresAt),
				"revokedAt": instant(apikey.FieldRevokedAt), "createdAt": instant("created_at"),
				"roles": plainList(throughPairs("Role", apikey.RolesTable, "api_key_id", "role_id")),
			},
		},
	}
}

// management is what the system keeps of itself.
func management() []*Type {
	return []*Type{
		{
			Name: "Backup", Kind: key.KindBackup, Table: backup.Table, Default: newest,
			Fields: living(key.KindBackup, map[string]Field{
				"status": letters(backup.FieldStatus), "file": letters(backup.FieldFile), "scheduled": flag(backup.FieldScheduled), "size": size(backup.FieldSize),
				"sha256": letters(backup.FieldSha256), "startedAt": instant("created_at"), "finishedAt": instant(backup.FieldFinishedAt),
				"verifiedAt": instant(backup.FieldVerifiedAt), "error": letters(backup.FieldError), "url": {Columns: columns("id", backup.FieldStatus, backup.FieldFile), Write: copyLink},
			}),
			Filters: map[string]Filter{"status": anyOf(backup.FieldStatus)},
		},
		{
			Name: "Export", Kind: key.KindExport, Table: export.Table, Default: newest,
			Fields: living(key.KindExport, map[string]Field{
				"kind": letters(export.FieldKind), "status": letters(export.FieldStatus), "format": letters(export.FieldFormat), "user": one("User", export.FieldUserID), "unmasked": flag(export.FieldUnmasked),
				"rows": number(export.FieldRows), "progress": {Columns: columns(export.FieldStatus, export.FieldRows, export.FieldTotal), Write: exported}, "size": size(export.FieldSize),
				"sha256": letters(export.FieldSha256), "url": {Columns: columns(export.FieldBlob, "id"), Write: func(w *writer, row []store.Cell) { w.download(key.KindExport, row[1].Int()) }},
				"error": letters(export.FieldError), "finishedAt": instant(export.FieldFinishedAt), "expiresAt": instant(export.FieldExpiresAt),
			}),
			Filters: map[string]Filter{"kind": anyOf(export.FieldKind), "status": anyOf(export.FieldStatus)},
		},
		{
			Name: "Import", Kind: key.KindImport, Table: importation.Table, Default: newest,
			Fields: living(key.KindImport, map[string]Field{
				"status": letters(importation.FieldStatus), "format": letters(importation.FieldFormat), "dryRun": flag(importation.FieldDryRun), "onError": letters(importation.FieldOnError),
				"rows": number(importation.FieldRows), "checkedRows": number(importation.FieldChecked), "faultyRows": number(importation.FieldFaulty), "addedRows": number(importation.FieldEntered),
				"progress": {Columns: columns(importation.FieldStatus, importation.FieldRows, importation.FieldChecked, importation.FieldPassed, importation.FieldDryRun), Write: imported},
				"size":     size(importation.FieldSize), "sha256": letters(importation.FieldSha256), "error": letters(importation.FieldError),
				"faults": many("ImportFault", importfault.FieldImportID), "finishedAt": instant(importation.FieldFinishedAt),
			}),
			Filters: map[string]Filter{"status": anyOf(importation.FieldStatus)},
		},
		{
			Name: "ImportFault", Kind: key.KindImportFault, Table: importfault.Table, Default: Order{Column: importfault.FieldLine, Type: aNumber},
			Fields: map[string]Field{
				"id": id(key.KindImportFault), "line": number(importfault.FieldLine), "field": letters(importfault.FieldName), "code": letters(importfault.FieldCode),
				"message": {Columns: columns(importfault.FieldSentence, importfault.FieldData), Write: sentence},
			},
		},
		{
			Name: "Webhook", Kind: key.KindWebhook, Table: webhook.Table, Default: newest,
			Fields: map[string]Field{
				"id": id(key.KindWebhook), "version": number("version"), "url": letters(webhook.FieldURL), "kinds": raw(webhook.FieldKinds),
				"active": flag(webhook.FieldActive), "createdAt": instant("created_at"), "deliveries": many("WebhookDelivery", "webhook_id"),
			},
		},
		{
			Name: "WebhookDelivery", Kind: key.KindWebhookDelivery, Table: webhookdelivery.Table, Default: newest,
			Fields: map[string]Field{
				"id": id(key.KindWebhookDelivery), "event": one("Event", webhookdelivery.FieldEventID), "state": letters(webhookdelivery.FieldState),
				"attempts": number(webhookdelivery.FieldAttempts), "status": number(webhookdelivery.FieldStatus), "error": letters(webhookdelivery.FieldError),
				"createdAt": instant("created_at"), "finishedAt": instant(webhookdelivery.FieldFinishedAt),
			},
		},
	}
}

// copyLink writes the link to a backup's file, if it was made and is still there.
func copyLink(w *writer, row []store.Cell) {
	made := slices.Contains([]string{string(backup.StatusSucceeded), string(backup.StatusVerified)}, row[1].Text())
	if !made || w.reader.HasCopy == nil || !w.reader.HasCopy(row[2].Text()) {
		w.buf = append(w.buf, "null"...)
		return
	}
	w.download(key.KindBackup, row[0].Int())
}

// exported writes how much of an export is done.
func exported(w *writer, row []store.Cell) {
	done := row[0].Text() == string(export.StatusSucceeded) || row[0].Text() == string(export.StatusExpired)
	w.fraction(done, row[1].Int(), row[2].Int())
}

// imported writes how much of an import is done: every row is checked, and then, unless it is a dry run, entered or left out.
func imported(w *writer, row []store.Cell) {
	part, whole := row[2].Int(), row[1].Int()
	if !row[4].Bool() {
		part, whole = part+row[3].Int(), 2*whole
	}
	w.fraction(row[0].Text() == string(importation.StatusSucceeded) || row[0].Text() == string(importation.StatusRefused), part, whole)
}

// sentence writes a stored problem in the viewer's language.
func sentence(w *writer, row []store.Cell) {
	var data map[string]any
	if !row[1].Null() {
		d := json.NewDecoder(bytes.NewReader(row[1].Bytes()))
		d.UseNumber()
		if err := d.Decode(&data); err != nil {
			w.fail(err)
			return
		}
	}
	w.string(text.Sentence(w.viewer.Locale, row[0].Text(), data))
}

// trail is what happened, what was written to whom, and what staff noted.
func trail() []*Type {
	return []*Type{
		{
			Name: "Event", Kind: key.KindEvent, Table: event.Table, Orders: timeline, Default: timeline["AT"],
			Fields: map[string]Field{
				"id": id(key.KindEvent), "kind": letters(event.FieldKind), "from": letters(event.FieldFrom), "to": letters(event.FieldTo),
				"reason": letters(event.FieldReason), "changes": raw(event.FieldChanges), "at": instant(event.FieldAt),
				"subject": {Any: &Polymorphic{Type: Column{Name: event.FieldSubjectType}, ID: Column{Name: event.FieldSubjectID}}},
				"actor":   actor(event.FieldActorType, event.FieldActorID, event.FieldActorName),
			},
			Filters: map[string]Filter{
				"kind": anyOf(event.FieldKind), "subjectId": subject, "from": at(event.FieldAt, sql.GTE), "to": at(event.FieldAt, sql.LT),
			},
		},
		{
			Name: "Message", Kind: key.KindMessage, Table: message.Table, Orders: created, Default: newest,
			Fields: map[string]Field{
				"id": id(key.KindMessage), "user": one("User", message.FieldUserID), "to": letters(message.FieldTo), "subject": letters(message.FieldSubject),
				"text": letters(message.FieldText), "locale": letters(message.FieldLocale), "state": letters(message.FieldState), "attempts": number(message.FieldAttempts),
				"sentAt": instant(message.FieldSentAt), "createdAt": instant("created_at"),
			},
			Filters: map[string]Filter{
				"userId": pointsTo(message.FieldUserID, key.KindUser), "to": email(message.FieldTo), "state": anyOf(message.FieldState),
			},
		},
		{
			Name: "ServiceRecord", Kind: key.KindServiceRecord, Table: servicerecord.Table, Orders: created, Default: newest,
			Fields: living(key.KindServiceRecord, map[string]Field{
				"status": letters(servicerecord.FieldStatus), "user": one("User", servicerecord.FieldUserID), "kind": letters(servicerecord.FieldKind), "text": letters(servicerecord.FieldText),
				"dueAt": instant(servicerecord.FieldDueAt), "completedAt": instant(servicerecord.FieldCompletedAt),
				"author": one("Staff", servicerecord.FieldAuthorID), "assignee": one("Staff", servicerecord.FieldAssigneeID),
			}),
			Filters: map[string]Filter{
				"kind": anyOf(servicerecord.FieldKind), "userId": pointsTo(servicerecord.FieldUserID, key.KindUser),
				"assigneeId": pointsTo(servicerecord.FieldAssigneeID, key.KindStaff), "open": open, "dueTo": at(servicerecord.FieldDueAt, sql.LT),
			},
		},
	}
}

func kinds(w *writer, row []store.Cell) {
	var list []string
	for i, name := range []string{"BORROWER", "INVESTOR"} {
		if row[i].Bool() {
			list = append(list, name)
		}
	}
	w.list(len(list), true, func(i int) bool { w.string(list[i]); return true })
}

// forStaff is a column that customers are not shown.
func forStaff(column string) func(*sql.SelectTable, Look) sql.Querier {
	return func(t *sql.SelectTable, look Look) sql.Querier {
		if look.User != nil {
			return sql.Raw("NULL")
		}
		return sql.Raw(t.C(column))
	}
}

func nationalID(raw string) (string, *fault.Problem) {
	n, problem := identity.ParseResidentID(raw, lifecycle.Now())
	return string(n), problem
}

// plainList is an edge whose rows are a list and not a connection.
func plainList(f Field) Field {
	f.Many.Plain = true
	return f
}

// permissionsOf gathers the permissions of an employee's roles: a JSON array of arrays.
func permissionsOf(t *sql.SelectTable, _ Look) sql.Querier {
	d := sql.Dialect(t.Dialect())
	r, pairs := d.Table(role.Table).As("held"), d.Table(staff.RolesTable).As("pair")
	gather := "json_group_array(json(" + r.C(role.FieldPermissions) + "))"
	if t.Dialect() == dialect.Postgres {
		gather = "CAST(json_agg(" + r.C(role.FieldPermissions) + ") AS text)"
	}
	return d.Select().AppendSelectExpr(sql.Raw(gather)).From(r).Join(pairs).On(r.C("id"), pairs.C("role_id")).
		Where(sql.ColumnsEQ(pairs.C("staff_id"), t.C("id")))
}

func permissions(w *writer, row []store.Cell) {
	var held [][]string
	if err := json.Unmarshal(row[0].Bytes(), &held); err != nil {
		w.fail(err)
		return
	}
	names := access.ParsePermissions(slices.Concat(held...)).Names()
	w.list(len(names), true, func(i int) bool { w.string(names[i]); return true })
}

// actor is who did it: a row that the viewer may see, or a part of the system by its name.
func actor(kind, id, name string) Field {
	return Field{Any: &Polymorphic{
		Type: Column{Name: kind}, ID: Column{Name: id}, With: columns(name),
		Other: func(w *writer, kind string, row []store.Cell) bool {
			if kind != "SystemActor" {
				return false
			}
			return w.selectedFields(w.collect("SystemActor"), func(graphql.CollectedField) bool { w.text(row[0]); return true })
		},
	}}
}
