package main

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "byhand" { // started by the test below
		if err := serveByHand(context.Background(), os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// What is measured goes on being the same thing on both sides, whatever changes in the schema and in the contract; and the page is written.
func TestEveryScreenIsAnsweredAlikeByHandAndByLenddesk(t *testing.T) {
	server := os.Getenv("LENDDESK_TEST_POSTGRES")
	if server == "" {
		t.Fatal("this test needs a PostgreSQL server: run it with `make test`")
	}
	folder, name := t.TempDir(), fmt.Sprintf("lenddesk_test_bench_%d", os.Getpid())
	t.Cleanup(func() {
		u, err := url.Parse(server)
		if err != nil {
			t.Fatal(err)
		}
		admin, err := pgx.Connect(context.Background(), u.String())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := admin.Exec(context.Background(), "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)"); err != nil {
			t.Error(err)
		}
		_ = admin.Close(context.Background()) // its work is done
	})
	page := filepath.Join(folder, "page.md")
	small := []string{"-folder", folder, "-database", name, "-users", "600", "-clients", "2", "-each", "10ms", "-rounds", "1"}
	if err := measure(t.Context(), append(small, "-page", page)); err != nil {
		t.Fatal(err)
	}
	if err := measure(t.Context(), append(small, "-page", "", "-only", "Q1")); err != nil {
		t.Fatal("over the books that are kept: ", err)
	}
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range screens {
		if n := strings.Count(string(text), "| "+s.name+" | 2 |"); n != 2 {
			t.Errorf("%d rows of %s, want one for each database\n%s", n, s.name, text)
		}
	}
}

func TestWrongFlagsAreRefusedTogether(t *testing.T) {
	_, err := parse([]string{"-clients", "1,many", "-databases", "oracle", "-rounds", "0"})
	for _, name := range []string{"-clients", "-databases", "-rounds"} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s is not named: %v", name, err)
		}
	}
}

func TestACellSaysWhatItsRoundsShowed(t *testing.T) {
	var c cell
	c.add(heat{took: time.Second, latencies: []time.Duration{1, 2, 3, 4}, used: used{server: 40, database: 4, memory: 9}})
	c.add(heat{took: time.Second, latencies: []time.Duration{5, 6}, used: used{server: 20, database: 2, memory: 7}})
	if c.rate() != 3 || c.processor() != 11 || c.percentile(50) != 4 || c.percentile(99) != 6 || c.used.memory != 9 {
		t.Errorf("%+v: %v requests a second, %v each, median %v, worst %v", c, c.rate(), c.processor(), c.percentile(50), c.percentile(99))
	}
}
