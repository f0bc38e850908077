package transfer

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"hash/crc32"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"lenddesk/fault"
)

// packed is what a part of a workbook holds, deflated, and what is said of its size.
type packed struct {
	content []byte
	sum     uint32
	says    uint64
}

// pack deflates what is handed to it: a start, as many blanks as it takes, and an end.
func pack(t *testing.T, start string, blanks int, end string) (p packed) {
	t.Helper()
	var to bytes.Buffer
	w, err := flate.NewWriter(&to, flate.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	sum := crc32.NewIEEE()
	all := io.MultiWriter(w, sum)
	spaces := bytes.Repeat([]byte(" "), 1<<20)
	if _, err := io.WriteString(all, start); err != nil {
		t.Fatal(err)
	}
	for left := blanks; left > 0; left -= len(spaces) {
		if _, err := all.Write(spaces[:min(left, len(spaces))]); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := io.WriteString(all, end); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return packed{to.Bytes(), sum.Sum32(), uint64(len(start) + blanks + len(end))}
}

// withParts is a workbook whose parts under some names are replaced or added.
func withParts(t *testing.T, parts map[string]packed) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	plain, err := f.WriteToBuffer()
	if err != nil {
		t.Fatal(err)
	}
	from, err := zip.NewReader(bytes.NewReader(plain.Bytes()), int64(plain.Len()))
	if err != nil {
		t.Fatal(err)
	}
	var to bytes.Buffer
	w := zip.NewWriter(&to)
	for _, p := range from.File {
		if _, replaced := parts[p.Name]; !replaced {
			if err := w.Copy(p); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, p := range parts {
		raw, err := w.CreateRaw(&zip.FileHeader{Name: name, Method: zip.Deflate, CRC32: p.sum, CompressedSize64: uint64(len(p.content)), UncompressedSize64: p.says})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := raw.Write(p.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return to.Bytes()
}

// taking is how many bytes were taken from memory meanwhile, those that were given back among them.
func taking(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// A small file that would unpack to a huge one costs no memory, whatever it says of its size.
func TestAWorkbookThatUnpacksToTooMuchIsRefused(t *testing.T) {
	const (
		sheet = "xl/worksheets/sheet1.xml"
		start = `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>name</t></is></c><c r="B1" t="inlineStr"><is><t>phone</t></is></c></row>`
		end   = `</sheetData></worksheet>`
	)
	whole := pack(t, start, 0, end)
	huge := pack(t, start, 3*mostUnzipped, end)
	part := pack(t, "", mostUnzipped/3, "")
	damaged := pack(t, start, 1<<20, end)
	damaged.sum++
	lies := huge
	lies.says = 100
	boasts := whole
	boasts.says = 1<<64 - 1
	for name, c := range map[string]struct {
		parts map[string]packed
		says  string
	}{
		"in one part":                     {map[string]packed{sheet: huge}, "import_unpacked"},
		"in its texts":                    {map[string]packed{sheet: whole, "xl/sharedStrings.xml": huge}, "import_unpacked"},
		"in something else":               {map[string]packed{sheet: whole, "xl/media/image1.png": huge}, "import_unpacked"},
		"in many parts":                   {map[string]packed{sheet: whole, "a.xml": part, "b.xml": part, "c.xml": part, "d.xml": part}, "import_unpacked"},
		"and says that it has more":       {map[string]packed{sheet: boasts, "a.xml": boasts}, "import_unpacked"},
		"and says that it has little":     {map[string]packed{sheet: lies}, "import_workbook"},
		"and says that its texts are few": {map[string]packed{sheet: whole, "xl/sharedStrings.xml": lies}, "import_workbook"},
		"and is damaged":                  {map[string]packed{sheet: damaged}, "import_workbook"},
	} {
		content := withParts(t, c.parts)
		if len(content) > mostBytes {
			t.Fatalf("%s: the file itself has %d bytes", name, len(content))
		}
		var refused *fault.Problem
		if bytes := taking(func() { _, refused = read(content) }); bytes > 4<<20 {
			t.Errorf("%s: %d bytes were taken from memory", name, bytes)
		}
		if refused == nil || refused.Text != c.says {
			t.Errorf("%s: %+v, want %s", name, refused, c.says)
		}
	}
	if _, refused := read([]byte("PK\x03\x04nothing")); refused == nil || refused.Text != "import_workbook" {
		t.Errorf("no workbook at all: %+v", refused)
	}
	if _, refused := read(withParts(t, map[string]packed{sheet: pack(t, start, 1<<20, end)})); refused != nil {
		t.Errorf("a workbook like those that is not too large: %+v", refused)
	}
}

// A file has 100,000 rows at most; empty ones do not count.
func TestAFileOfTooManyRowsIsRefused(t *testing.T) {
	rows := func(n int) []byte {
		return []byte("name,phone\n" + strings.Repeat("王小明,13800000001\n,\n", n))
	}
	if all, refused := read(rows(mostLines)); refused != nil || len(all) != mostLines {
		t.Errorf("%d rows were read: %+v", len(all), refused)
	}
	all, refused := read(rows(mostLines + 1))
	if refused == nil || refused.Code != fault.TooLong || refused.Text != "import_too_long" || refused.Data["maximum"] != 100_000 || all != nil {
		t.Errorf("a row more: %+v", refused)
	}
}
