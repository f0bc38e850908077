package main

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	"github.com/xuri/excelize/v2"

	"lenddesk/access"
	"lenddesk/lifecycle"
	"lenddesk/parameter"
	"lenddesk/store"
	"lenddesk/store/storetest"
	"lenddesk/workflow/audit"
)

var importRows = flag.Int("import-rows", 3000, "rows of the import in TestAFileOfPotentialCustomersIsReadIn")

const importLook = "id status dryRun onError rows checkedRows faultyRows addedRows progress error"

// imports sends a file of potential customers.
func (p *person) imports(directive, name string, content []byte, input vars) answer {
	p.t.Helper()
	all := vars{"file": nil}
	for k, v := range input {
		all[k] = v
	}
	operations, err := json.Marshal(vars{
		"query":     `mutation($i: ImportUsersInput!) { importUsers(input: $i) ` + directive + ` { import { ` + importLook + ` } userErrors { code message field } } }`,
		"variables": vars{"i": all},
	})
	if err != nil {
		p.t.Fatal(err)
	}
	_, a := p.parts(part{"operations", "", operations}, part{"map", "", []byte(`{"0": ["variables.i.file"]}`)}, part{"0", name, content})
	return a
}

// imported waits for the end of an import.
func (p *person) imported(id string) (done answer) {
	p.t.Helper()
	p.ends(func() bool {
		done = p.ask(`query($id: ID!) { node(id: $id) { ... on Import { `+importLook+` faults(first: 100) { totalCount nodes { line field code message } } timeline { nodes { kind } } } } }`, vars{"id": id})
		return done.text("node.status") != "RUNNING"
	})
	return done
}

// ends waits longer than until does, for files of many rows.
func (p *person) ends(holds func() bool) {
	p.t.Helper()
	tick, deadline := time.NewTicker(20*time.Millisecond), time.After(5*time.Minute)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline:
			p.t.Fatal("waited in vain")
		}
	}
}

// leads are rows of an import: n good ones, and among them faulty ones of every kind, every so many rows.
func leads(n, every int) (rows [][]string, faulty map[int]string) {
	faulty = map[int]string{}
	kinds := []struct {
		change func(row []string)
		fault  string
	}{
		{func(r []string) { r[0] = "" }, "REQUIRED name"},
		{func(r []string) { r[1] = "" }, "REQUIRED phone"},
		{func(r []string) { r[1] = "12" }, "INVALID phone"},
		{func(r []string) { r[2] = "not an address" }, "INVALID email"},
		{func(r []string) { r[3] = strings.Repeat("x", 101) }, "TOO_LONG source"},
		{func(r []string) { r[4] = "91350100M000100Y4Z" }, "INVALID company"},
		{func(r []string) { r[4] = "company_0000000000000" }, "NOT_FOUND company"},
		{func(r []string) { r[5] = "nobody@lenddesk.example" }, "NOT_FOUND accountManager"},
		{func(r []string) { r[6] = strings.Repeat("x", 2001) }, "TOO_LONG note"},
		{func(r []string) { r[1] = "13810000001" }, "ALREADY_TAKEN phone"},
		{func(r []string) { r[2] = "lead1@example.com" }, "ALREADY_TAKEN email"},
	}
	for i := 1; i <= n; i++ {
		row := []string{fmt.Sprintf("李%c%c", rune(0x4e00+i%2000), rune(0x5000+i/2000)), fmt.Sprintf("138%08d", 10000000+i), fmt.Sprintf("lead%d@example.com", i), "fair", "", adminEmail, ""}
		if i > 1 && i%every == 0 {
			k := kinds[i/every%len(kinds)]
			k.change(row)
			faulty[i+1] = k.fault
		}
		rows = append(rows, row)
	}
	return rows, faulty
}

var leadHead = []string{"姓名", "Phone", "email", "source", "company", "accountManager", "note"}

func asCSV(rows [][]string) []byte {
	var b bytes.Buffer
	b.WriteString("\uFEFF")
	w := csv.NewWriter(&b)
	_ = w.Write(leadHead)
	_ = w.WriteAll(rows)
	return b.Bytes()
}

func asXLSX(t *testing.T, rows [][]string) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	for i, row := range append([][]string{leadHead}, rows...) {
		cells := make([]any, len(row))
		for j, c := range row {
			cells[j] = c
		}
		if err := f.SetSheetRow("Sheet1", fmt.Sprint("A", i+1), &cells); err != nil {
			t.Fatal(err)
		}
	}
	b, err := f.WriteToBuffer()
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestAFileOfPotentialCustomersIsReadIn(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		admin := h.administrator(t)
		rows, faulty := leads(*importRows, *importRows/100)
		content := asCSV(rows)
		count := func() any {
			return admin.ask(`{ users(filter: {status: [POTENTIAL]}) { totalCount } }`).at("users.totalCount")
		}
		begin := func(input vars) answer {
			t.Helper()
			got := admin.imports("", "leads.csv", content, input)
			if got.text("importUsers.import.id") == "" {
				t.Fatalf("not begun: %s", got)
			}
			return admin.imported(got.text("importUsers.import.id"))
		}
		check := func(done answer, status string, added int) {
			t.Helper()
			want(t, "status", done.text("node.status"), status)
			want(t, "rows", done.at("node.rows"), any(float64(len(rows))))
			want(t, "faulty", done.at("node.faultyRows"), any(float64(len(faulty))))
			want(t, "added", done.at("node.addedRows"), any(float64(added)))
			want(t, "progress", done.at("node.progress"), any(1.0))
			found := map[int]string{}
			nodes, _ := done.at("node.faults.nodes").([]any)
			for _, n := range nodes {
				f := n.(vars)
				found[int(f["line"].(float64))] = fmt.Sprint(f["code"], " ", f["field"])
			}
			for line, fault := range faulty {
				if len(found) < 100 && found[line] != fault {
					t.Errorf("line %d: %q, want %q", line, found[line], fault)
				}
			}
		}
		check(begin(vars{"dryRun": true}), "SUCCEEDED", 0)
		check(begin(vars{}), "REFUSED", 0)
		want(t, "entered by a dry run and a refused import", count(), any(0.0))
		began := time.Now()
		good := len(rows) - len(faulty)
		check(begin(vars{"onError": "SKIP_FAULTY"}), "SUCCEEDED", good)
		t.Logf("%d rows in %v", len(rows), time.Since(began).Round(time.Millisecond))
		want(t, "entered", count(), any(float64(good)))
		for _, kind := range []string{"ADD_POTENTIAL_CUSTOMER", "ADD_SERVICE_RECORD"} {
			want(t, kind, admin.ask(`query($k: String!) { events(filter: {kind: [$k]}) { totalCount } }`, vars{"k": kind}).at("events.totalCount"), any(float64(good)))
		}
		one := admin.ask(`{ users(filter: {phone: "+8613810000001"}) { nodes { name source accountManager { email } serviceRecords { nodes { kind assignee { email } } } timeline { nodes { kind actor { __typename } } } } } }`)
		if !strings.Contains(one.raw, adminEmail) || !strings.Contains(one.raw, `"TASK"`) || !strings.Contains(one.raw, `"Staff"`) {
			t.Errorf("one of them: %s", one)
		}
		again := begin(vars{"onError": "SKIP_FAULTY"})
		want(t, "entered twice", again.at("node.addedRows"), any(0.0))
		want(t, "entered after another go", count(), any(float64(good)))

		few := [][]string{{"王大明", "13900000001", "", "", "", "", "=1+1"}, {"王二明", "1.3900000002E10", "", "", "", "", ""}, {"王三明", "13900000001", "", "", "", "", ""}}
		got := admin.imports("", "leads.xlsx", asXLSX(t, few), vars{"onError": "SKIP_FAULTY"})
		done := admin.imported(got.text("importUsers.import.id"))
		want(t, "added from a workbook", done.at("node.addedRows"), any(2.0))
		want(t, "its fault", fmt.Sprint(done.at("node.faults.nodes.0.line"), done.at("node.faults.nodes.0.code"), done.at("node.faults.nodes.0.field")), "4ALREADY_TAKENphone")
		want(t, "files left", len(h.files(t)), 0)
	})
}

// files are the names of what stands in the store.
func (h *house) files(t *testing.T) (names []string) {
	t.Helper()
	if err := h.carriers.Files.Older(t.Context(), time.Now().Add(time.Hour), func(some []string) error { names = append(names, some...); return nil }); err != nil {
		t.Fatal(err)
	}
	return names
}

func TestAnImportThatIsBrokenOffGoesOn(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		admin := h.administrator(t)
		rows, _ := leads(900, 1000)
		rows[700][0] = "Stopper"
		statements := []string{"CREATE TRIGGER stopper BEFORE INSERT ON users WHEN new.name = 'Stopper' BEGIN SELECT RAISE(ABORT, 'stop'); END"}
		drop := "DROP TRIGGER stopper"
		if h.store.Dialect() == dialect.Postgres {
			statements = []string{
				"CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF new.name = 'Stopper' THEN RAISE EXCEPTION 'stop'; END IF; RETURN new; END $$",
				"CREATE TRIGGER stopper BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION stop()",
			}
			drop += " ON users"
		}
		for _, s := range statements {
			h.exec(t, s)
		}
		got := admin.imports(`@idempotent(key: "once")`, "leads.csv", asCSV(rows), vars{})
		id := got.text("importUsers.import.id")
		until(t, "the import to break off", func() bool {
			var n int
			_ = h.store.Reader().QueryRow("SELECT count(*) FROM river_job WHERE kind = 'read_import' AND state = 'retryable'").Scan(&n)
			return n == 1
		})
		half := admin.ask(`query($id: ID!) { node(id: $id) { ... on Import { `+importLook+` } } }`, vars{"id": id})
		if added := half.at("node.addedRows"); added != any(500.0) {
			t.Errorf("added when it broke off: %v", added)
		}
		if twin := admin.imports(`@idempotent(key: "once")`, "leads.csv", asCSV(rows), vars{}); twin.text("importUsers.import.id") != id {
			t.Errorf("a twin: %s", twin)
		}
		h.exec(t, drop)
		h.exec(t, "UPDATE river_job SET state = 'available', scheduled_at = "+h.longAgo()+" WHERE state = 'retryable' AND kind = 'read_import'")
		done := admin.imported(id)
		want(t, "added in the end", done.at("node.addedRows"), any(900.0))
		want(t, "customers", admin.ask(`{ users(filter: {status: [POTENTIAL]}) { totalCount } }`).at("users.totalCount"), any(900.0))
		want(t, "records", admin.ask(`{ serviceRecords { totalCount } }`).at("serviceRecords.totalCount"), any(900.0))
	})
}

func TestAFileThatIsNoneIsRefused(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		admin := h.administrator(t)
		for what, content := range map[string]string{
			"empty": " \n", "not UTF-8": "\xd0\xd5\xc3\xfb,phone\nx,1", "a picture": string(png), "no workbook": "PK\x03\x04nothing", "an unknown column": "name,phone,shoe\n", "a column twice": "name,name,phone\n",
			"a column missing": "name,email\n",
		} {
			if got := admin.imports("", "x.csv", []byte(content), vars{}); strings.Join(got.faults("importUsers"), " ") != "INVALID file" {
				t.Errorf("%s: %s", what, got)
			}
		}
		wantFaults(t, admin.act("importUsers", "import { id }", vars{}), "importUsers", "REQUIRED file")
		got := admin.imports("", "x.csv", []byte("name;phone\n\"王\"x;1\n"), vars{"onError": "SKIP_FAULTY"})
		want(t, "a quotation mark astray", admin.imported(got.text("importUsers.import.id")).text("node.status"), "FAILED")
		half := h.colleague(t, "half", access.Of(access.ImportExport))
		if got := half.imports("", "x.csv", asCSV(nil), vars{}); !strings.Contains(got.raw, "FORBIDDEN") {
			t.Errorf("without MANAGE_USERS: %s", got)
		}
		if got := half.ask(`query($id: ID!) { node(id: $id) { id } imports { totalCount } }`, vars{"id": got.text("importUsers.import.id")}); got.at("node") != nil || got.at("imports.totalCount") != any(0.0) {
			t.Errorf("another's import: %s", got)
		}
	})
}

// What would take too much room, unpacked or row by row, is refused by the rule that it breaks, and nothing of it is kept.
func TestAFileThatIsTooMuchIsRefused(t *testing.T) {
	var bomb bytes.Buffer
	w := zip.NewWriter(&bomb)
	plain := asXLSX(t, [][]string{{"王小明", "13810000001"}})
	from, err := zip.NewReader(bytes.NewReader(plain), int64(len(plain)))
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range from.File {
		if err := w.Copy(part); err != nil {
			t.Fatal(err)
		}
	}
	part, err := w.Create("xl/media/image1.png")
	if err != nil {
		t.Fatal(err)
	}
	for range 97 {
		if _, err := part.Write(make([]byte, 1<<20)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	long := asCSV(nil)
	for i := range 100_001 {
		long = fmt.Appendf(long, "王小明,138%08d\n", i)
	}
	onEach(t, func(t *testing.T, h *house) {
		admin := h.administrator(t)
		got := admin.imports("", "leads.xlsx", bomb.Bytes(), vars{})
		wantFaults(t, got, "importUsers", "TOO_LONG file")
		want(t, "what a bomb is told", got.text("importUsers.userErrors.0.message"), "Unpacked, this workbook has more than 96 MB.")
		want(t, "imports", admin.ask(`{ imports { totalCount } }`).at("imports.totalCount"), any(0.0))

		for _, dry := range []bool{true, false} {
			done := admin.imported(admin.imports("", "leads.csv", long, vars{"dryRun": dry, "onError": "SKIP_FAULTY"}).text("importUsers.import.id"))
			want(t, "a row too many", done.text("node.status"), "FAILED")
			want(t, "its faults", done.at("node.faults.totalCount"), any(1.0))
			want(t, "the rule", done.text("node.faults.nodes.0.code")+" "+done.text("node.faults.nodes.0.message"), "TOO_LONG There are more than 100000 rows in this file.")
		}
		want(t, "customers", admin.ask(`{ users { totalCount } }`).at("users.totalCount"), any(0.0))
		want(t, "files left", len(h.files(t)), 0)
	})
}

const exportLook = "id status kind format unmasked rows progress size sha256 url error"

// exported asks for an export and waits for its end.
func (p *person) exported(mutation string, input vars) answer {
	p.t.Helper()
	got := p.act(mutation, "export { id }", input)
	id := got.text(mutation + ".export.id")
	if id == "" {
		p.t.Fatalf("not begun: %s", got)
	}
	var done answer
	until(p.t, "an export", func() bool {
		done = p.ask(`query($id: ID!) { node(id: $id) { ... on Export { `+exportLook+` timeline { nodes { kind } } } } }`, vars{"id": id})
		return done.text("node.status") != "RUNNING"
	})
	return done
}

func TestAnExportHoldsWhatItsAskerMaySee(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		admin := h.administrator(t)
		source := map[string]string{}
		for i, s := range []string{"=1+1", "+1", "-1", "@x", "＝1", "plain", "a=b", `say "so", now`} {
			phone := fmt.Sprintf("+861390000%04d", i)
			source[phone] = s
			if got := admin.act("addPotentialCustomer", "user { id }", vars{"name": fmt.Sprint("客户", string(rune('甲'+i))), "phone": phone, "email": fmt.Sprintf("client%d@example.com", i), "source": s}); got.text("addPotentialCustomer.user.id") == "" {
				t.Fatal(got)
			}
		}
		clerk := h.colleague(t, "clerk", access.Of(access.ImportExport, access.ViewUsers))
		filter := vars{"status": []string{"POTENTIAL"}}
		file := func(p *person, format string, input vars) (answer, []byte) {
			t.Helper()
			all := vars{"format": format, "filter": filter}
			for k, v := range input {
				all[k] = v
			}
			done := p.exported("exportUsers", all)
			status, content, header := h.get(t, done.text("node.url"))
			if status != http.StatusOK || done.at("node.rows") != any(8.0) || done.at("node.progress") != any(1.0) || float64(len(content)) != done.at("node.size") || !strings.HasPrefix(header.Get("Content-Disposition"), "attachment") {
				t.Fatalf("%d, %d bytes: %s", status, len(content), done)
			}
			return done, content
		}
		safe := func(s string) string {
			if strings.ContainsAny(s[:1], "=+-@") || strings.HasPrefix(s, "＝") {
				return "'" + s
			}
			return s
		}
		_, masked := file(clerk, "CSV", nil)
		rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(masked, []byte("\uFEFF")))).ReadAll()
		if err != nil || len(rows) != 9 || !bytes.HasPrefix(masked, []byte("\uFEFF")) {
			t.Fatalf("%d rows, %v", len(rows), err)
		}
		want(t, "columns", strings.Join(rows[0], " "), "id name status kinds email phone nationalId locale source tags company companyName accountManager accountManagerName createdAt updatedAt")
		for i, s := range []string{"=1+1", "+1", "-1", "@x", "＝1", "plain", "a=b", `say "so", now`} {
			want(t, "a source", rows[i+1][8], safe(s))
			want(t, "a masked phone", rows[i+1][5], fmt.Sprintf("'+86139****%04d", i))
			want(t, "a masked address", rows[i+1][4], "c***@example.com")
		}
		_, book := file(clerk, "XLSX", nil)
		f, err := excelize.OpenReader(bytes.NewReader(book))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		sheet, err := f.GetRows("lenddesk")
		if err != nil || len(sheet) != 9 {
			t.Fatalf("%d rows in the workbook, %v", len(sheet), err)
		}
		for i := range rows {
			want(t, "a source in the workbook", sheet[i][8], rows[i][8])
		}
		full, content := file(admin, "JSONL", nil)
		want(t, "in full", full.at("node.unmasked"), any(true))
		for i, line := range strings.Split(strings.TrimSpace(string(content)), "\n") {
			var row vars
			if err := json.Unmarshal([]byte(line), &row); err != nil {
				t.Fatal(err)
			}
			phone := fmt.Sprintf("+861390000%04d", i)
			if row["phone"] != phone || row["source"] != source[phone] || row["email"] != fmt.Sprintf("client%d@example.com", i) {
				t.Errorf("a line: %s", line)
			}
		}
		if story := kinds(full, "node.timeline.nodes"); strings.Join(story, " ") != "FINISH_EXPORT EXPORT_USERS" {
			t.Errorf("story: %q", story)
		}
		if _, content := file(admin, "JSONL", vars{"masked": true}); bytes.Contains(content, []byte("+8613900000001")) {
			t.Error("masked although permitted, and it is not")
		}
		// What was exported can be imported.
		back := admin.imports("", "again.csv", masked, vars{"dryRun": true})
		wantFaults(t, back, "importUsers", "INVALID file") // it has columns that an import does not know
		// A link is its asker's own, and ends with what they may.
		url, id := full.text("node.url"), full.text("node.id")
		for what, p := range map[string]*person{"a clerk": clerk, "nobody": h.anybody(t)} {
			if got := p.ask(`query($id: ID!) { node(id: $id) { id } }`, vars{"id": id}); got.at("node") != nil {
				t.Errorf("%s sees another's export: %s", what, got)
			}
		}
		want(t, "a document's door with an export's link", status(h.get(t, strings.Replace(url, "/exports", "/documents", 1))), http.StatusNotFound)
		wantFaults(t, admin.act("exportUsers", "export { id }", vars{"format": "JSON"}), "exportUsers", "INVALID format")
		wantFaults(t, admin.act("exportUsers", "export { id }", vars{}), "exportUsers", "REQUIRED format")
		wantCodes(t, admin.act("exportUsers", "export { id }", vars{"format": "CSV", "filter": vars{"createdFrom": "x"}}), "BAD_REQUEST")
		wantCodes(t, clerk.act("exportLoans", "export { id }", vars{"format": "CSV"}))
		wantCodes(t, h.colleague(t, "blind", access.Of(access.ImportExport)).act("exportUsers", "export { id }", vars{"format": "CSV"}), "FORBIDDEN")
		if done := admin.exported("exportBids", vars{"format": "CSV"}); done.text("node.status") != "SUCCEEDED" {
			t.Errorf("bids: %s", done)
		}
		if events := admin.ask(`{ events(filter: {kind: ["EXPORT_USERS", "DOWNLOAD_EXPORT"]}) { nodes { kind changes } } }`); !strings.Contains(events.raw, `"unmasked":true`) || !strings.Contains(events.raw, "DOWNLOAD_EXPORT") {
			t.Errorf("events: %s", events)
		}
		key := `mutation { exportUsers(input: {format: CSV}) @idempotent(key: "one") { export { id } } }`
		if a, b := admin.ask(key), admin.ask(key); a.text("exportUsers.export.id") == "" || a.text("exportUsers.export.id") != b.text("exportUsers.export.id") {
			t.Errorf("twins: %s, %s", a, b)
		}
		until(t, "exports to end", func() bool {
			return admin.ask(`{ exports(filter: {status: [RUNNING]}) { totalCount } }`).at("exports.totalCount") == any(0.0)
		})
		if err := h.carriers.Expire(t.Context(), lifecycle.Now().AddDate(0, 0, 8)); err != nil {
			t.Fatal(err)
		}
		want(t, "files after their days", len(h.files(t)), 0)
		want(t, "a link after its days", status(h.get(t, url)), http.StatusNotFound)
		want(t, "the export after its days", admin.ask(`query($id: ID!) { node(id: $id) { ... on Export { status url } } }`, vars{"id": id}).text("node.status"), "EXPIRED")
	})
}

func status(code int, _ []byte, _ http.Header) int { return code }

func TestACustomerHasTheirOwnDataInFull(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		me, id := h.customer(t, 400)
		other, _ := h.customer(t, 401)
		admin := h.administrator(t)
		admin.act("addServiceRecord", "serviceRecord { id }", vars{"userId": id, "kind": "CALL", "text": "between ourselves"})
		read := func(p *person) vars {
			t.Helper()
			done := p.exported("exportUserData", vars{"userId": id})
			_, content, _ := h.get(t, done.text("node.url"))
			var all vars
			if err := json.Unmarshal(content, &all); err != nil {
				t.Fatalf("%v: %s", err, content)
			}
			return all
		}
		mine := read(me)
		form := applicant(400)
		want(t, "ID number", mine["user"].(vars)["nationalId"], any(form["nationalId"]))
		want(t, "phone", mine["user"].(vars)["phone"], any("+86"+form["phone"].(string)))
		if len(mine["messages"].([]any)) < 2 || len(mine["timeline"].([]any)) < 2 || len(mine["serviceRecords"].([]any)) != 0 {
			t.Errorf("one's own data: %v", mine)
		}
		if whole := read(admin); len(whole["serviceRecords"].([]any)) != 1 {
			t.Errorf("as staff see it: %v", whole)
		}
		wantFaults(t, other.act("exportUserData", "export { id }", vars{"userId": id}), "exportUserData", "NOT_FOUND userId")
		wantCodes(t, h.colleague(t, "looker", access.Of(access.ViewUsers, access.RevealPersonalData)).act("exportUserData", "export { id }", vars{"userId": id}), "FORBIDDEN")
		want(t, "exports of another", other.ask(`{ exports { totalCount } }`).at("exports.totalCount"), any(0.0))
		want(t, "exports of one's own", me.ask(`{ exports { totalCount } }`).at("exports.totalCount"), any(1.0))
	})
}

func TestWhatTheLawLetsGoIsErasedAndTheBooksStay(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		admin := h.administrator(t)
		form := applicant(410)
		form["name"] = "欧阳修竹"
		id := h.register(t, form)
		planted := []string{"欧阳修竹", "修竹", "applicant410@example.com", form["phone"].(string), form["nationalId"].(string), "Quetzal", "Zanzibar", "Xylophone", "Wombat"}
		if got := admin.do("approveRegistration", vars{"userId": id}); got.text("approveRegistration.user.status") != "ACTIVE" {
			t.Fatal(got)
		}
		me := h.anybody(t).signIn(form["email"].(string), form["password"].(string))
		admin.act("addServiceRecord", "serviceRecord { id }", vars{"userId": id, "kind": "CALL", "text": "likes Quetzal birds"})
		admin.act("tagUser", "user { id }", vars{"userId": id, "tags": []string{"Zanzibar"}})
		me.applied(vars{"amount": "5000.00", "annualRate": "12", "termMonths": 12, "repaymentMethod": "BULLET", "purpose": "OTHER", "description": "a Xylophone"})
		me.uploaded(vars{"subjectId": id, "kind": "IDENTITY_CARD"})
		lead := admin.act("addPotentialCustomer", "user { id }", vars{"name": "欧阳修竹", "phone": form["phone"], "note": "Wombat"}).text("addPotentialCustomer.user.id")
		if got := admin.do("mergeUsers", vars{"keepId": id, "mergeId": lead}); got.text("mergeUsers.user.id") != id {
			t.Fatal(got)
		}
		wantFaults(t, admin.do("eraseUser", vars{"userId": id, "reason": "asked for"}), "eraseUser", "NOT_ALLOWED_NOW")
		admin.do("closeUser", vars{"userId": id, "reason": "Wombat"})
		before := h.sealed(t)
		wantFaults(t, admin.do("eraseUser", vars{"userId": id}), "eraseUser", "REQUIRED reason")
		got := admin.do("eraseUser", vars{"userId": id, "reason": "asked for by the customer"})
		if got.text("eraseUser.user.status") != "CLOSED" || strings.Contains(got.raw, "修竹") {
			t.Fatalf("erased: %s", got)
		}
		wantFaults(t, admin.do("eraseUser", vars{"userId": id, "reason": "again"}), "eraseUser", "NOT_ALLOWED_NOW")
		head := h.sealed(t)
		if _, err := audit.Verify(t.Context(), h.store.Client(), before, head); err != nil {
			t.Errorf("the trail: %v", err)
		}
		until(t, "the database to be scrubbed", func() bool {
			var n int
			_ = h.store.Reader().QueryRow("SELECT count(*) FROM river_job WHERE kind = 'scrub' AND state = 'completed'").Scan(&n)
			return n > 0
		})
		for table, rows := range h.everyRow(t) {
			for _, row := range rows {
				for _, p := range planted {
					if strings.Contains(fmt.Sprint(row), p) {
						t.Errorf("%q stands in %s: %v", p, table, row)
					}
				}
			}
		}
		if h.store.Dialect() == dialect.SQLite {
			path := strings.TrimPrefix(h.settings.DatabaseURL, "sqlite:")
			for _, ending := range []string{"", "-wal"} {
				content, err := os.ReadFile(path + ending)
				if err != nil && !os.IsNotExist(err) {
					t.Fatal(err)
				}
				for _, p := range planted {
					if bytes.Contains(content, []byte(p)) {
						t.Errorf("%q is left in the file%s", p, ending)
					}
				}
			}
		}
		want(t, "found by name", admin.ask(`{ search(text: "修竹") { totalCount } }`).at("search.totalCount"), any(0.0))
		want(t, "files left", len(h.files(t)), 0)
		if loans := admin.ask(`{ loans { nodes { amount borrower { id erasedAt } } } }`); loans.text("loans.nodes.0.amount") != "5000.00" || loans.text("loans.nodes.0.borrower.id") != id || loans.text("loans.nodes.0.borrower.erasedAt") == "" {
			t.Errorf("the books: %s", loans)
		}
		if again := h.anybody(t).do("registerUser", form); again.text("registerUser.user.id") == "" {
			t.Errorf("the identifiers are not free: %s", again)
		}
		// Whoever touches what the erasure left is found out, and so is who hides behind one.
		h.exec(t, "UPDATE events SET erasure = 'x' WHERE position = 1")
		if _, err := audit.Verify(t.Context(), h.store.Client()); err == nil {
			t.Error("an event that says it was erased is believed")
		}
	})
}

func TestABackupIsHadByALink(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		admin := h.administrator(t)
		admin.act("setParameter", "parameter { value }", vars{"name": parameter.BackupMode, "value": parameter.BackupCopy})
		admin.backUp("SUCCEEDED")
		look := func() answer { return admin.ask(`{ backups { nodes { id file size url } } }`) }
		got := look()
		url := got.text("backups.nodes.0.url")
		code, content, _ := h.get(t, url)
		if code != http.StatusOK || float64(len(content)) != got.at("backups.nodes.0.size") {
			t.Errorf("%d, %d bytes of %v", code, len(content), got)
		}
		want(t, "events", admin.ask(`{ events(filter: {kind: ["DOWNLOAD_BACKUP"]}) { totalCount } }`).at("events.totalCount"), any(1.0))
		if err := os.Remove(filepath.Join(h.settings.BackupURL, got.text("backups.nodes.0.file"))); err != nil {
			t.Fatal(err)
		}
		want(t, "a link when the file is gone", look().at("backups.nodes.0.url"), any(nil))
		want(t, "an old link when the file is gone", status(h.get(t, url)), http.StatusNotFound)
		admin.ask(`mutation { signOut { userErrors { code } } }`)
		want(t, "a link after the session", status(h.get(t, url)), http.StatusNotFound)
	})
}

// A program that is killed while it writes an export's file leaves nothing that could be had; the next one writes the file whole.
func TestAnExportThatIsKilledEndsWhole(t *testing.T) {
	const rows = 20_000
	for _, name := range storetest.Dialects {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url, keyset, folder := storetest.URL(t, name), newKeyset(t), t.TempDir()
			files := filepath.Join(folder, "files")
			set := []string{"LENDDESK_DATABASE_URL=" + url, "LENDDESK_KEYSET=" + keyset, "LENDDESK_BLOB_URL=" + files}
			p := launch(t, folder, set...)
			token := adminToken(t, p.address)
			enterMany(t, url, rows)
			got, err := try(p.address, token, `mutation { exportUsers(input: {format: CSV, filter: {status: [POTENTIAL]}}) { export { id } userErrors { code } } }`, nil)
			id := got.text("exportUsers.export.id")
			if id == "" {
				t.Fatalf("not begun: %v %s", err, got)
			}
			look := func() answer {
				got, err := try(p.address, token, `query($id: ID!) { node(id: $id) { ... on Export { `+exportLook+` timeline { nodes { kind } } } } }`, vars{"id": id})
				if err != nil {
					t.Fatal(err)
				}
				return got
			}
			eventually(t, "the file is being written", func() bool {
				got := look()
				n, _ := got.at("node.rows").(float64)
				return n > 0 || got.text("node.status") != "RUNNING"
			})
			p.kill()
			// What it said to have written so far is of a file that is not there: the next one says it anew.
			asLeft(t, url, "UPDATE exports SET rows = 0")
			if whole := wholeFiles(t, files); len(whole) > 0 {
				t.Errorf("after the kill there is a whole file: %q", whole)
			}
			forgetTheDead(t, url)
			p = launch(t, folder, set...)
			half := look()
			want(t, "killed: "+half.raw, fmt.Sprintf("%v %v", half.text("node.status"), half.at("node.url")), "RUNNING <nil>")
			var done answer
			eventually(t, "the export is made", func() bool { done = look(); return done.text("node.status") != "RUNNING" })
			want(t, "its end", done.text("node.status"), "SUCCEEDED")
			want(t, "its rows", done.at("node.rows"), any(float64(rows)))
			want(t, "its story", strings.Join(kinds(done, "node.timeline.nodes"), " "), "FINISH_EXPORT EXPORT_USERS")
			res, err := http.Get("http://" + p.address + done.text("node.url"))
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			content, err := io.ReadAll(res.Body)
			if err != nil || res.StatusCode != http.StatusOK {
				t.Fatalf("%d: %v", res.StatusCode, err)
			}
			want(t, "its hash", fmt.Sprintf("%x", sha256.Sum256(content)), done.text("node.sha256"))
			lines, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(content, []byte("\uFEFF")))).ReadAll()
			if err != nil {
				t.Fatal(err)
			}
			each := map[string]bool{}
			for _, l := range lines[1:] {
				each[l[1]] = true
			}
			want(t, "customers in it, each once", fmt.Sprint(len(lines)-1, len(each)), fmt.Sprint(rows, rows))
			want(t, "whole files", len(wholeFiles(t, files)), 1)
			p.terminate(t)

			h := start(t, settings{DatabaseURL: url, Keyset: keyset, BlobURL: files})
			if err := h.borrowers.Sweep(t.Context(), time.Now().Add(time.Hour)); err != nil {
				t.Fatal(err)
			}
			left, err := os.ReadDir(files)
			if err != nil {
				t.Fatal(err)
			}
			want(t, "files after sweeping", len(left), 1)
		})
	}
}

// enterMany enters potential customers behind the program's back, for it to have much to write.
func enterMany(t *testing.T, url string, n int) {
	t.Helper()
	now := lifecycle.Now()
	asLeft(t, url, fmt.Sprintf(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)
		INSERT INTO users (created_at, updated_at, status, status_since, version, name, locale, borrower, investor)
		SELECT $1, $2, 'POTENTIAL', $3, 1, 'Customer ' || CAST(i AS TEXT), 'en', FALSE, FALSE FROM n`, n), now, now, now)
}

// asLeft changes the database of a program that is a process of its own.
func asLeft(t *testing.T, url, statement string, args ...any) {
	t.Helper()
	s, err := store.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Writer().ExecContext(t.Context(), statement, args...); err != nil {
		t.Fatal(err)
	}
}

// wholeFiles are the files in a store's folder that were written to their end: what is not stands under another name.
func wholeFiles(t *testing.T, folder string) (names []string) {
	t.Helper()
	all, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range all {
		if !strings.Contains(f.Name(), ".") {
			names = append(names, f.Name())
		}
	}
	return names
}
