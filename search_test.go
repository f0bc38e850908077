package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"entgo.io/ent/dialect"

	"lenddesk/access"
	"lenddesk/ent/company"
	"lenddesk/ent/loan"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/store"
	"lenddesk/store/storetest"
)

// found is what a search tells, in its order.
func (p *person) found(text string) string {
	p.t.Helper()
	got := p.ask(`query($t: String!) { search(text: $t, first: 100) { totalCount nodes { __typename ... on User { name } ... on Company { title: name } ... on Loan { number } } } }`, vars{"t": text})
	var told []string
	nodes, _ := got.at("search.nodes").([]any)
	for _, n := range nodes {
		m := n.(map[string]any)
		for _, label := range []string{"name", "title", "number"} {
			if s, ok := m[label].(string); ok {
				told = append(told, s)
			}
		}
	}
	if n, _ := got.at("search.totalCount").(float64); int(n) != len(told) {
		p.t.Errorf("%q: %v hits, %d told: %s", text, n, len(told), got)
	}
	return strings.Join(told, " | ")
}

// placed writes companies and a loan past the verbs.
func (h *house) placed(t *testing.T, borrower key.User, number string, companies ...string) {
	t.Helper()
	err := h.store.InTx(lifecycle.Book(t.Context()), func(ctx context.Context, tx *store.Tx) error {
		for i, name := range companies {
			if err := tx.Company.Create().SetKind(company.KindClient).SetName(name).SetCreditCode(fmt.Sprintf("91350100M000100%03d", i)).SetStatus(company.StatusVerified).Exec(ctx); err != nil {
				return err
			}
		}
		return tx.Loan.Create().SetNumber(number).SetBorrowerID(borrower).SetStatus(loan.StatusDraft).SetPurpose(loan.PurposeEquipment).
			SetRequestedAmount(100_000_00).SetRequestedAnnualRate(120_000).SetRequestedTermMonths(12).SetAmount(100_000_00).SetAnnualRate(120_000).
			SetTermMonths(12).SetRepaymentMethod(loan.RepaymentMethodBullet).Exec(ctx)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestSearchFindsTheBestFirst(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		admin := h.administrator(t)
		form := applicant(321)
		form["name"] = "欧阳小明"
		id := h.register(t, form)
		for i, name := range []string{"欧阳", "小明", "王小明", "明小王", "Li Wei", "Wei Long", "O'Brien Seán"} {
			admin.lead(vars{"name": name, "phone": fmt.Sprintf("139123470%02d", i)})
		}
		_, borrower, _ := h.desk.IDs.Decode(id)
		h.placed(t, key.User(borrower), "L20260001", "小明科技有限公司", "Weihai Long Foods", "海南欧阳贸易")
		for text, expected := range map[string]string{
			"欧阳":                             "欧阳 | 欧阳小明 | 海南欧阳贸易",
			"小明":                             "小明 | 小明科技有限公司 | 王小明 | 欧阳小明",
			"明":                              "明小王 | 王小明 | 小明 | 欧阳小明 | 小明科技有限公司",
			"wei":                            "Wei Long | Li Wei | Weihai Long Foods",
			"Wei":                            "Wei Long | Weihai Long Foods | Li Wei",
			"long wei":                       "Wei Long | Weihai Long Foods",
			"O'Brien":                        "O'Brien Seán",
			"seán":                           "O'Brien Seán",
			"有限公司":                           "小明科技有限公司",
			"L20260001":                      "L20260001",
			"l20260001":                      "L20260001",
			"L2026":                          "L20260001",
			"zzz":                            "",
			"":                               "",
			"  ":                             "",
			"%":                              "",
			`" OR 1 NEAR/2 *`:                "",
			"' | !x & ( :* \\":               "",
			"L":                              "Li Wei | L20260001",
			form["phone"].(string):           "欧阳小明",
			"+86" + form["phone"].(string):   "欧阳小明",
			form["nationalId"].(string):      "欧阳小明",
			form["email"].(string):           "欧阳小明",
			"91350100M000100Y43":             "",
			form["nationalId"].(string)[:17]: "",
			form["phone"].(string)[:10]:      "",
			strings.Repeat("很长", 50):         "",
			"小明 科技":                          "小明科技有限公司",
			"  欧阳小明  ":                       "欧阳小明",
		} {
			want(t, text, admin.found(text), expected)
		}
		wantCodes(t, admin.ask(`query($t: String!) { search(text: $t) { totalCount } }`, vars{"t": strings.Repeat("很", 101)}), "BAD_REQUEST")
		wantCodes(t, admin.ask(`query($t: String!) { search(text: $t) { totalCount } }`, vars{"t": "a\x00b"}), "BAD_REQUEST")
		wantCodes(t, h.anybody(t).ask(`{ search(text: "小明") { totalCount } }`), "UNAUTHENTICATED")

		// A changed name is found as it is now, in the transaction that changed it.
		lead := admin.lead(vars{"name": "赵云", "phone": "13912347099"})
		admin.act("updateUser", "", vars{"userId": lead, "name": "诸葛亮"})
		want(t, "the old name", admin.found("赵云"), "")
		want(t, "the new one", admin.found("葛亮"), "诸葛亮")
	})
}

func TestSearchShowsNobodyMoreThanTheirRows(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		me, id := h.customer(t, 322)
		other := applicant(323)
		h.register(t, other)
		_, borrower, _ := h.desk.IDs.Decode(id)
		h.placed(t, key.User(borrower), "L20260002", "小明科技有限公司")
		want(t, "a customer finds themselves", me.found("王小明"), "王小明")
		want(t, "and their loans", me.found("L20260002"), "L20260002")
		for _, text := range []string{other["phone"].(string), other["email"].(string), other["nationalId"].(string), "小明科技"} {
			want(t, "nobody else", me.found(text), "")
		}
		bystander := h.colleague(t, "bystander", access.Of(access.ViewStatistics))
		for _, text := range []string{"王小明", "L20260002", "小明科技有限公司", other["phone"].(string)} {
			want(t, "staff without permissions", bystander.found(text), "")
		}
		lender := h.colleague(t, "lender", access.Of(access.ViewLoans))
		want(t, "who may see loans", lender.found("L20260002"), "L20260002")
		want(t, "and no customers", lender.found("王小明"), "")
	})
}

func TestSearchIsPagedAndLimited(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		h.crowd(t, 600, "司马懿", "马超群")
		admin := h.administrator(t)
		admin.lead(vars{"name": "马超", "phone": "13912347098"})
		first := admin.ask(`{ search(text: "马超", first: 1) { totalCount nodes { ... on User { name } } } }`)
		want(t, "the whole name, however many begin with it", first.text("search.nodes.0.name"), "马超")
		seen, after, pages := map[string]bool{}, any(nil), 0
		for {
			got := admin.ask(`query($a: String) { search(text: "马", first: 90, after: $a) { totalCount pageInfo { hasNextPage hasPreviousPage endCursor } edges { cursor node { ... on User { id } } } } }`, vars{"a": after})
			want(t, "hits", got.at("search.totalCount"), any(200.0))
			edges, _ := got.at("search.edges").([]any)
			for _, e := range edges {
				seen[e.(map[string]any)["node"].(map[string]any)["id"].(string)] = true
			}
			pages++
			if got.at("search.pageInfo.hasNextPage") != true {
				break
			}
			after = got.at("search.pageInfo.endCursor")
		}
		want(t, "each once", len(seen), 200)
		want(t, "pages", pages, 3)
		wantCodes(t, admin.ask(`{ search(text: "马", after: "bm9uZQ") { totalCount } }`), "BAD_REQUEST")
		back := admin.ask(`query($b: String) { search(text: "马", last: 5, before: $b) { nodes { ... on User { id } } pageInfo { hasPreviousPage hasNextPage } } }`, vars{"b": after})
		want(t, "backwards", back.at("search.pageInfo.hasPreviousPage"), any(true))
	})
}

// crowd writes n potential customers past the verbs, of these names in turn.
func (h *house) crowd(t testing.TB, n int, names ...string) {
	t.Helper()
	series := "(WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < %d) SELECT i FROM c)"
	if h.store.Dialect() == dialect.Postgres {
		series = "generate_series(1, %d)"
	}
	var list []string
	for i, name := range names {
		list = append(list, fmt.Sprintf("WHEN %d THEN '%s'", i, name))
	}
	now := "'2026-01-01 00:00:00+00:00'"
	statement := fmt.Sprintf(`INSERT INTO users (created_at, updated_at, version, status, status_since, name, locale, borrower, investor)
		SELECT %[1]s, %[1]s, 1, 'POTENTIAL', %[1]s, CASE s.i %% %[2]d %[3]s END, 'zh-CN', false, false FROM `+series+` AS s(i)`, now, len(names), strings.Join(list, " "), n)
	if h.store.Dialect() == dialect.SQLite {
		statement = strings.Replace(statement, " AS s(i)", " AS s", 1)
	}
	if _, err := h.store.Writer().ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
	if _, err := h.store.Writer().ExecContext(t.Context(), "ANALYZE"); err != nil {
		t.Fatal(err)
	}
}

// manyNames are the names of a big book: family names as frequent as in life, and given names of one or two characters.
func manyNames() []string {
	var names []string
	family := []rune("王王王王李李李李张张张刘刘陈陈杨黄赵吴周徐孙马朱胡郭何林高梁")
	given := []rune("伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰红春梅建国志文斌宇浩凯健俊帆婷雪琳")
	for i, f := range family {
		for j, g := range given {
			names = append(names, string([]rune{f, g}), string([]rune{f, g, given[(i*7+j*3)%len(given)]}))
		}
	}
	return names
}

// BenchmarkSearch asks by whole names, parts and single characters, at 16 clients on 100,000 users, and tells the time within which 95 of 100 answers come.
func BenchmarkSearch(b *testing.B) {
	for _, dialect := range storetest.Dialects {
		b.Run(dialect, func(b *testing.B) {
			h := start(b, settings{DatabaseURL: storetest.URL(b, dialect)})
			names := manyNames()
			h.crowd(b, 100_000, names...)
			admin := h.administrator(b)
			var mu sync.Mutex
			var took []time.Duration
			work := make(chan string)
			b.ResetTimer()
			var clients sync.WaitGroup
			for range 16 {
				clients.Go(func() {
					for text := range work {
						began := time.Now()
						got := admin.ask(`query($t: String!) { search(text: $t) { totalCount nodes { ... on User { id name status } } } }`, vars{"t": text})
						if n, _ := got.at("search.totalCount").(float64); n == 0 {
							b.Errorf("nobody is found by %q: %s", text, got)
						}
						mu.Lock()
						took = append(took, time.Since(began))
						mu.Unlock()
					}
				})
			}
			for i := range b.N {
				name := []rune(names[i*31%len(names)])
				work <- []string{string(name), string(name[1:]), string(name[:1]), string(name[len(name)-1:])}[i%4]
			}
			close(work)
			clients.Wait()
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)*95/100])/1e6, "ms/p95")
			b.ReportMetric(float64(took[len(took)/2])/1e6, "ms/p50")
		})
	}
}
