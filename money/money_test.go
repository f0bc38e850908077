package money

import (
	"encoding/json"
	"math"
	"testing"

	"pgregory.net/rapid"

	"lenddesk/fault"
)

func TestAmountIsReadOrRefused(t *testing.T) {
	for _, c := range []struct {
		raw  string
		want Amount
		text string
	}{
		{"100000.00", 10_000_000, ""},
		{"100000", 10_000_000, ""},
		{"0.5", 50, ""},
		{"0.05", 5, ""},
		{"-0.05", -5, ""},
		{"-0", 0, ""},
		{"+12.30", 1230, ""},
		{"007", 700, ""},
		{"0000000000000000000000001", 100, ""},
		{"999999999999999.99", MaxAmount, ""},
		{"-999999999999999.99", -MaxAmount, ""},
		{"1000000000000000", 0, "amount_out_of_range"},
		{"9223372036854775808", 0, "amount_out_of_range"},
		{"", 0, "amount_malformed"},
		{"-", 0, "amount_malformed"},
		{"--1", 0, "amount_malformed"},
		{".5", 0, "amount_malformed"},
		{"5.", 0, "amount_malformed"},
		{"1.234", 0, "amount_malformed"},
		{"1.000", 0, "amount_malformed"},
		{"1.2.3", 0, "amount_malformed"},
		{"1e3", 0, "amount_malformed"},
		{"1,000.00", 0, "amount_malformed"},
		{" 1", 0, "amount_malformed"},
		{"0x10", 0, "amount_malformed"},
		{"１", 0, "amount_malformed"},
		{"NaN", 0, "amount_malformed"},
		{"1000000000000000.001", 0, "amount_malformed"},
	} {
		got, problem := ParseAmount(c.raw)
		expect(t, c.raw, int64(got), problem, int64(c.want), c.text)
	}
}

func TestRateIsReadOrRefused(t *testing.T) {
	for _, c := range []struct {
		raw  string
		want Rate
		text string
	}{
		{"12.5", 125_000, ""},
		{"12", 120_000, ""},
		{"0.0001", 1, ""},
		{"-0.25", -2_500, ""},
		{"24.0000", 240_000, ""},
		{"999999999.9999", MaxRate, ""},
		{"1000000000", 0, "rate_out_of_range"},
		{"", 0, "rate_malformed"},
		{"12.50000", 0, "rate_malformed"},
		{"12,5", 0, "rate_malformed"},
		{"12.5%", 0, "rate_malformed"},
	} {
		got, problem := ParseRate(c.raw)
		expect(t, c.raw, int64(got), problem, int64(c.want), c.text)
	}
}

func expect(t *testing.T, raw string, got int64, problem *fault.Problem, want int64, text string) {
	t.Helper()
	wantCode := map[string]fault.Code{
		"amount_malformed": fault.Invalid, "rate_malformed": fault.Invalid,
		"amount_out_of_range": fault.OutOfRange, "rate_out_of_range": fault.OutOfRange,
	}[text]
	var said fault.Problem
	if problem != nil {
		said = *problem
	}
	if got != want || said.Text != text || said.Code != wantCode {
		t.Errorf("%q: got %d and problem %q (%s), want %d and %q (%s)", raw, got, said.Text, said.Code, want, text, wantCode)
	}
}

func TestNumbersAreWrittenInOneWay(t *testing.T) {
	for _, c := range []struct {
		value interface{ String() string }
		want  string
	}{
		{Amount(0), "0.00"},
		{Amount(5), "0.05"},
		{Amount(-5), "-0.05"},
		{Amount(10_000_000), "100000.00"},
		{Amount(math.MaxInt64), "92233720368547758.07"},
		{Amount(math.MinInt64), "-92233720368547758.08"},
		{Rate(0), "0"},
		{Rate(125_000), "12.5"},
		{Rate(120_000), "12"},
		{Rate(100_100), "10.01"},
		{Rate(-1), "-0.0001"},
		{Rate(math.MinInt64), "-922337203685477.5808"},
	} {
		if got := c.value.String(); got != c.want {
			t.Errorf("%T %d is written %s, not %s", c.value, c.value, got, c.want)
		}
	}
}

func TestWhatIsWrittenIsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := Amount(rapid.Int64Range(int64(-MaxAmount), int64(MaxAmount)).Draw(t, "amount"))
		if back, problem := ParseAmount(a.String()); problem != nil || back != a {
			t.Fatalf("%d was written %s and read %d (%v)", int64(a), a, int64(back), problem)
		}
		r := Rate(rapid.Int64Range(int64(-MaxRate), int64(MaxRate)).Draw(t, "rate"))
		if back, problem := ParseRate(r.String()); problem != nil || back != r {
			t.Fatalf("%d was written %s and read %d (%v)", int64(r), r, int64(back), problem)
		}
	})
}

func TestJSONIsTheStringInQuotes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64().Draw(t, "n")
		for text, written := range map[string][]byte{
			Amount(n).String(): Amount(n).AppendJSON([]byte(`[`)),
			Rate(n).String():   Rate(n).AppendJSON([]byte(`[`)),
		} {
			var back []string
			if err := json.Unmarshal(append(written, ']'), &back); err != nil || len(back) != 1 || back[0] != text {
				t.Fatalf("%s was written %s (%v)", text, written, err)
			}
		}
	})
}

func FuzzParseAmount(f *testing.F) {
	for _, s := range []string{"100000.00", "-0.05", "+1", "", ".", "-.", "999999999999999.99", "1e3", "00.0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, problem := ParseAmount(s)
		if problem != nil {
			return
		}
		if back, problem := ParseAmount(a.String()); problem != nil || back != a || a > MaxAmount || a < -MaxAmount {
			t.Fatalf("%q was read as %d, written %s, read as %d (%v)", s, int64(a), a, int64(back), problem)
		}
	})
}

func FuzzParseRate(f *testing.F) {
	for _, s := range []string{"12.5", "-0.0001", "+1", "", ".", "999999999.9999", "1e3", "00.0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r, problem := ParseRate(s)
		if problem != nil {
			return
		}
		if back, problem := ParseRate(r.String()); problem != nil || back != r || r > MaxRate || r < -MaxRate {
			t.Fatalf("%q was read as %d, written %s, read as %d (%v)", s, int64(r), r, int64(back), problem)
		}
	})
}
