package export

import (
	"encoding/csv"
	"io"
)

// A lineSink writes each row as an object of JSON on a line of its own.
type lineSink struct {
	out io.Writer
	// append appends the object of a row, or nothing if there is none.
	append func(b []byte, row []value) []byte
	line   []byte
}

func (s *lineSink) write(row []value) (bool, error) {
	s.line = s.append(s.line[:0], row)
	if len(s.line) == 0 {
		return false, nil
	}
	s.line = append(s.line, '\n')
	_, err := s.out.Write(s.line)
	return true, err
}

func (s *lineSink) close() error { return nil }

// A csvSink writes RFC 4180, with a line of the columns' names. A value that is missing is
// an empty field.
type csvSink struct {
	columns []column
	w       *csv.Writer
	fields  []string
	room    []byte
	err     error // of the first line
}

func newCSVSink(out io.Writer, columns []column) *csvSink {
	s := &csvSink{columns: columns, w: csv.NewWriter(out), fields: make([]string, len(columns))}
	for i, c := range columns {
		s.fields[i] = c.name
	}
	s.err = s.w.Write(s.fields)
	return s
}

func (s *csvSink) write(row []value) (bool, error) {
	for i := range row {
		switch v := &row[i]; {
		case !v.set:
			s.fields[i] = ""
		case s.columns[i].kind == word, s.columns[i].kind == unique:
			s.fields[i] = v.text
		default:
			s.room = appendPlain(s.room[:0], v, s.columns[i].kind)
			s.fields[i] = string(s.room)
		}
	}
	return true, s.w.Write(s.fields)
}

func (s *csvSink) close() error {
	s.w.Flush()
	if s.err != nil {
		return s.err
	}
	return s.w.Error()
}

// newSink is one of a format.
func newSink(format string, out io.Writer, columns []column, about map[string]string) sink {
	switch format {
	case formatNDJSON:
		return &lineSink{out: out, append: func(b []byte, row []value) []byte { return appendRow(b, row, columns) }}
	case formatCSV:
		return newCSVSink(out, columns)
	case formatOCSF:
		return &lineSink{out: out, append: appendOCSF}
	case formatECS:
		return &lineSink{out: out, append: appendECS}
	}
	return newParquetSink(out, columns, about)
}

// extension is what names of files in a format end in.
func extension(format string) string {
	switch format {
	case formatOCSF, formatECS:
		return formatNDJSON
	}
	return format
}
