package transfer

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"math/big"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

	"lenddesk/fault"
)

// What a file of an import may be at most.
const (
	mostBytes    = 20 << 20
	mostUnzipped = 96 << 20 // of a workbook: more is taken for a bomb. Nothing of it is ever put into a temporary file.
	mostLines    = 100_000
)

// place is a column of an import, as its fields are counted.
type place int

const (
	nameAt place = iota
	phoneAt
	emailAt
	sourceAt
	companyAt
	managerAt
	noteAt
	places
)

// fields are the columns' names, as faults tell them.
var fields = [places]string{"name", "phone", "email", "source", "company", "accountManager", "note"}

// headings are the names under which a column may stand in a file.
var headings = map[string]place{
	"name": nameAt, "姓名": nameAt, "phone": phoneAt, "手机号": phoneAt, "手机": phoneAt, "email": emailAt, "邮箱": emailAt, "source": sourceAt, "来源": sourceAt,
	"company": companyAt, "公司": companyAt, "accountmanager": managerAt, "客户经理": managerAt, "note": noteAt, "备注": noteAt,
}

// record is one row of a file.
type record struct {
	line  int
	cells [places]string
}

// rows are the rows of a file as they stand, the header too: next returns io.EOF after the last.
type rows interface {
	next() (line int, cells []string, err error)
	close() error
}

// formatOf tells what a file is by what it holds; "" when it is neither.
func formatOf(content []byte) string {
	switch {
	case bytes.HasPrefix(content, []byte("PK\x03\x04")):
		return "XLSX"
	case bytes.IndexByte(content, 0) < 0:
		return "CSV"
	}
	return ""
}

func refuseFile(sentence string, data map[string]any) *fault.Problem {
	return &fault.Problem{Code: fault.Invalid, Text: sentence, Data: data}
}

// openRows begins to read a file.
func openRows(content []byte) (rows, *fault.Problem) {
	switch formatOf(content) {
	case "XLSX":
		return openWorkbook(content)
	case "CSV":
		return openCSV(content)
	}
	return nil, refuseFile("import_type", nil)
}

// read reads a whole file: which column stands where, and every row that is not empty. It refuses a file that cannot be read, whose columns are not those of an import, or that is too long.
func read(content []byte) (all []record, refused *fault.Problem) {
	from, refused := openRows(content)
	if refused != nil {
		return nil, refused
	}
	defer from.close()
	header, refused := readHeader(from)
	if refused != nil {
		return nil, refused
	}
	for {
		line, cells, err := from.next()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, refuseFile("import_line", map[string]any{"line": line})
		}
		r, filled := record{line: line}, false
		for i, cell := range cells {
			cell = strings.TrimSpace(cell)
			if i >= len(header) || header[i] < 0 {
				filled = filled || cell != ""
				continue
			}
			r.cells[header[i]] = unharmed(cell)
			filled = filled || cell != ""
		}
		if !filled {
			continue
		}
		if all = append(all, r); len(all) > mostLines {
			return nil, &fault.Problem{Code: fault.TooLong, Text: "import_too_long", Data: map[string]any{"maximum": mostLines}}
		}
	}
}

// readHeader tells which column stands where, -1 for one without a name.
func readHeader(from rows) (header []place, refused *fault.Problem) {
	_, cells, err := from.next()
	if errors.Is(err, io.EOF) {
		return nil, refuseFile("file_empty", nil)
	}
	if err != nil {
		return nil, refuseFile("import_line", map[string]any{"line": 1})
	}
	for i, cell := range cells {
		heading := strings.ToLower(strings.TrimSpace(cell))
		at, known := headings[heading]
		switch {
		case heading == "":
			at = -1
		case !known:
			return nil, refuseFile("import_column_unknown", map[string]any{"column": i + 1, "columns": strings.Join(fields[:], ", ")})
		case slices.Contains(header, at):
			return nil, refuseFile("import_column_twice", map[string]any{"column": fields[at]})
		}
		header = append(header, at)
	}
	for _, needed := range []place{nameAt, phoneAt} {
		if !slices.Contains(header, needed) {
			return nil, refuseFile("import_column_missing", map[string]any{"column": fields[needed]})
		}
	}
	return header, nil
}

type csvRows struct{ *csv.Reader }

func openCSV(content []byte) (rows, *fault.Problem) {
	content = bytes.TrimPrefix(content, []byte(byteOrderMark))
	if !utf8.Valid(content) {
		return nil, refuseFile("import_not_utf8", nil)
	}
	first, _, _ := bytes.Cut(content, []byte("\n"))
	r := csv.NewReader(bytes.NewReader(content))
	r.FieldsPerRecord, r.ReuseRecord = -1, true
	for _, other := range ";\t" { // as spreadsheets write it in countries where a comma divides numbers
		if bytes.ContainsRune(first, other) && !bytes.ContainsRune(first, ',') {
			r.Comma = other
		}
	}
	return csvRows{r}, nil
}

func (r csvRows) next() (int, []string, error) {
	cells, err := r.Read()
	if err != nil {
		line := 0
		if wrong := (*csv.ParseError)(nil); errors.As(err, &wrong) {
			line = wrong.StartLine
		}
		return line, nil, err
	}
	line, _ := r.FieldPos(0)
	return line, cells, nil
}

func (csvRows) close() error { return nil }

// workbookRows are the rows of a workbook's first sheet.
type workbookRows struct {
	file *excelize.File
	*excelize.Rows
	line int
}

func openWorkbook(content []byte) (_ rows, refused *fault.Problem) {
	defer func() {
		if recover() != nil { // whatever stands in a file from outside
			refused = refuseFile("import_workbook", nil)
		}
	}()
	if refused := unpacks(content); refused != nil {
		return nil, refused
	}
	f, err := excelize.OpenReader(bytes.NewReader(content), excelize.Options{RawCellValue: true, UnzipSizeLimit: mostUnzipped, UnzipXMLSizeLimit: mostUnzipped})
	if err != nil {
		return nil, refuseFile("import_workbook", nil)
	}
	sheets := f.GetSheetList()
	if len(sheets) == 0 {
		return nil, refuseFile("import_workbook", nil)
	}
	r, err := f.Rows(sheets[0])
	if err != nil {
		return nil, refuseFile("import_workbook", nil)
	}
	return &workbookRows{file: f, Rows: r}, nil
}

// unpacks refuses a workbook that has too much when unpacked, and one that is damaged: excelize reads as far as it can, and would leave out rows in silence.
func unpacks(content []byte) *fault.Problem {
	archive, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		return refuseFile("import_workbook", nil)
	}
	left := uint64(mostUnzipped)
	for _, part := range archive.File {
		if part.UncompressedSize64 > left {
			return &fault.Problem{Code: fault.TooLong, Text: "import_unpacked", Data: map[string]any{"maximum": mostUnzipped >> 20}}
		}
		left -= part.UncompressedSize64
	}
	for _, part := range archive.File {
		r, err := part.Open()
		if err == nil {
			_, err = io.Copy(io.Discard, r) // breaks off when there is more than was said
			err = errors.Join(err, r.Close())
		}
		if err != nil {
			return refuseFile("import_workbook", nil)
		}
	}
	return nil
}

func (r *workbookRows) next() (line int, cells []string, err error) {
	defer func() {
		if recover() != nil {
			line, err = r.line, errors.New("the workbook cannot be read")
		}
	}()
	if !r.Next() {
		if err := r.Error(); err != nil {
			return r.line, nil, err
		}
		return r.line, nil, io.EOF
	}
	r.line++
	cells, err = r.Columns()
	for i, c := range cells {
		cells[i] = number(c)
	}
	return r.line, cells, err
}

func (r *workbookRows) close() error { return errors.Join(r.Rows.Close(), r.file.Close()) }

// number writes out a number that a workbook keeps with an exponent, as long phone numbers are: 1.38E10.
func number(cell string) string {
	if !strings.ContainsAny(cell, "eE") || strings.Trim(cell, "0123456789.+-eE") != "" || len(cell) > 30 {
		return cell
	}
	f, _, err := big.ParseFloat(cell, 10, 100, big.ToNearestEven)
	if err != nil || !f.IsInt() || f.MantExp(nil) > 60 {
		return cell
	}
	return f.Text('f', 0)
}
