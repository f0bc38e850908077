package transfer

import (
	"archive/zip"
	"bufio"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// sheet is a file of rows that is being written.
type sheet interface {
	// row writes the values of the columns, in their order: texts, numbers, truths, lists of texts, nil.
	row(values []any) error
	// end writes what belongs after the last row. It closes nothing.
	end() error
}

// newSheet begins a file of these columns.
func newSheet(format string, to io.Writer, columns []string) (sheet, error) {
	switch format {
	case "CSV":
		return newCSV(to, columns)
	case "XLSX":
		return newWorkbook(to, columns)
	}
	return &lines{to: bufio.NewWriter(to), columns: columns}, nil
}

// plain is a value as one cell shows it, made safe: see harmless.
func plain(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return harmless(v)
	case []any:
		words := make([]string, len(v))
		for i, w := range v {
			words[i] = fmt.Sprint(w)
		}
		return harmless(strings.Join(words, ", "))
	}
	return fmt.Sprint(v)
}

// formulas are the characters with which spreadsheets take a cell for a formula, in their full width too, and those which some of them skip before they look.
const formulas = "=+-@\t\r\n＝＋－＠"

// harmless keeps spreadsheets from taking a text for a formula (CSV injection, OWASP): a text that begins like one has an apostrophe before it, which says that it is a text.
func harmless(s string) string {
	if s != "" && strings.ContainsRune(formulas, []rune(s)[0]) {
		return "'" + s
	}
	return s
}

// unharmed is a text as it was before harmless, so that what was exported can be imported.
func unharmed(s string) string {
	if rest, marked := strings.CutPrefix(s, "'"); marked && harmless(rest) == s {
		return rest
	}
	return s
}

// separated is CSV by RFC 4180, in UTF-8 with a byte order mark, without which spreadsheets guess an encoding.
type separated struct{ *csv.Writer }

const byteOrderMark = "\uFEFF"

func newCSV(to io.Writer, columns []string) (sheet, error) {
	if _, err := io.WriteString(to, byteOrderMark); err != nil {
		return nil, err
	}
	w := csv.NewWriter(to)
	w.UseCRLF = true
	return separated{w}, w.Write(columns)
}

func (s separated) row(values []any) error {
	cells := make([]string, len(values))
	for i, v := range values {
		cells[i] = plain(v)
	}
	return s.Write(cells)
}

func (s separated) end() error {
	s.Flush()
	return s.Error()
}

// lines are JSON objects, one a line.
type lines struct {
	to      *bufio.Writer
	columns []string
}

func (l *lines) row(values []any) error {
	b := []byte{'{'}
	for i, v := range values {
		if i > 0 {
			b = append(b, ',')
		}
		told, err := json.Marshal(v)
		if err != nil {
			return err
		}
		b = append(append(strconv.AppendQuote(b, l.columns[i]), ':'), told...)
	}
	_, err := l.to.Write(append(b, "}\n"...))
	return err
}

func (l *lines) end() error { return l.to.Flush() }

// workbook is the smallest Office Open XML workbook (ISO/IEC 29500) with one sheet of inline texts, written as it goes: the libraries for workbooks keep a sheet in memory, or in the
// clear in a temporary file.
type workbook struct {
	zip   *zip.Writer
	sheet *bufio.Writer
	rows  int
}

// mostRows is how many rows a sheet has room for.
const mostRows = 1 << 20

var errSheetFull = errors.New("there are more rows than a sheet of a workbook has room for: narrow the filter, or ask for CSV")

const (
	xmlHead   = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"
	mainSpace = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
	officeDoc = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	packaged  = "http://schemas.openxmlformats.org/package/2006/"
	mediaBase = "application/vnd.openxmlformats-"
)

// frame are the parts of a workbook around its sheet.
var frame = []struct{ name, content string }{
	{"[Content_Types].xml", `<Types xmlns="` + packaged + `content-types"><Default Extension="rels" ContentType="` + mediaBase + `package.relationships+xml"/>` +
		`<Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="` + mediaBase + `officedocument.spreadsheetml.sheet.main+xml"/>` +
		`<Override PartName="/xl/worksheets/sheet1.xml" ContentType="` + mediaBase + `officedocument.spreadsheetml.worksheet+xml"/></Types>`},
	{"_rels/.rels", `<Relationships xmlns="` + packaged + `relationships"><Relationship Id="rId1" Type="` + officeDoc + `/officeDocument" Target="xl/workbook.xml"/></Relationships>`},
	{"xl/workbook.xml", `<workbook xmlns="` + mainSpace + `" xmlns:r="` + officeDoc + `"><sheets><sheet name="lenddesk" sheetId="1" r:id="rId1"/></sheets></workbook>`},
	{"xl/_rels/workbook.xml.rels", `<Relationships xmlns="` + packaged + `relationships"><Relationship Id="rId1" Type="` + officeDoc + `/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`},
}

func newWorkbook(to io.Writer, columns []string) (sheet, error) {
	b := &workbook{zip: zip.NewWriter(to)}
	for _, part := range frame {
		w, err := b.zip.Create(part.name)
		if err != nil {
			return nil, err
		}
		if _, err := io.WriteString(w, xmlHead+part.content); err != nil {
			return nil, err
		}
	}
	w, err := b.zip.Create("xl/worksheets/sheet1.xml")
	if err != nil {
		return nil, err
	}
	b.sheet = bufio.NewWriter(w)
	if _, err := b.sheet.WriteString(xmlHead + `<worksheet xmlns="` + mainSpace + `"><sheetData>`); err != nil {
		return nil, err
	}
	heads := make([]any, len(columns))
	for i, c := range columns {
		heads[i] = c
	}
	return b, b.row(heads)
}

func (b *workbook) row(values []any) error {
	if b.rows++; b.rows > mostRows {
		return errSheetFull
	}
	_, _ = fmt.Fprintf(b.sheet, `<row r="%d">`, b.rows) // the buffer keeps its error for the last write
	for _, v := range values {
		if v == nil {
			_, _ = b.sheet.WriteString("<c/>")
			continue
		}
		_, _ = b.sheet.WriteString(`<c t="inlineStr"><is><t xml:space="preserve">`)
		if err := xml.EscapeText(b.sheet, []byte(plain(v))); err != nil {
			return err
		}
		_, _ = b.sheet.WriteString("</t></is></c>")
	}
	_, err := b.sheet.WriteString("</row>")
	return err
}

func (b *workbook) end() error {
	if _, err := b.sheet.WriteString("</sheetData></worksheet>"); err != nil {
		return err
	}
	if err := b.sheet.Flush(); err != nil {
		return err
	}
	return b.zip.Close()
}
