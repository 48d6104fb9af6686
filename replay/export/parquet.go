package export

import (
	"io"
	"slices"
	"strconv"
	"unsafe"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"
)

const (
	// rowGroup is DuckDB's own number of rows in one.
	rowGroup = 122_880
	// batch is how many values a column is given at once.
	batch = 512
	// bloomBits are those a value has in a bloom filter: one of a hundred values that
	// are not there is taken for one that may be.
	bloomBits = 10
	// pageBytes bounds a page before it is compressed.
	pageBytes = 256 << 10
)

// compression is that of all columns. The library's encoder is the same function of its
// input wherever it runs.
var compression = &zstd.Codec{Level: zstd.SpeedFastest, Concurrency: 1}

// A parquetSink writes rows as one Parquet file. What it writes is a function of the
// rows and of the settings that it was made with: there is no time in it, and no
// build.
type parquetSink struct {
	columns []column
	w       *parquet.GenericWriter[any]
	writers []*parquet.ColumnWriter
	pending [][]parquet.Value // of each column
	rows    int               // of the row group
}

func newParquetSink(out io.Writer, columns []column, about map[string]string) *parquetSink {
	options := []parquet.WriterOption{
		newSchema(columns),
		parquet.CreatedBy("rollcall", "1", ""),
		parquet.Compression(compression),
		parquet.MaxRowsPerRowGroup(rowGroup),
		parquet.PageBufferSize(pageBytes),
		parquet.DataPageVersion(1),
	}
	var filters []parquet.BloomFilterColumn
	for _, c := range columns {
		if c.bloom {
			filters = append(filters, parquet.SplitBlockFilter(bloomBits, c.name))
		}
	}
	options = append(options, parquet.BloomFilters(filters...))
	for key, text := range about {
		options = append(options, parquet.KeyValueMetadata(key, text))
	}
	s := &parquetSink{columns: columns, w: parquet.NewGenericWriter[any](out, options...), pending: make([][]parquet.Value, len(columns))}
	s.writers = s.w.ColumnWriters()
	for i := range s.pending {
		s.pending[i] = make([]parquet.Value, 0, batch)
	}
	return s
}

// write takes a row. The strings in it must not change until close.
func (s *parquetSink) write(row []value) (bool, error) {
	for i := range row {
		s.pending[i] = append(s.pending[i], parquetValue(&row[i], &s.columns[i]).Level(0, level(&row[i], &s.columns[i]), i))
	}
	s.rows++
	if len(s.pending[0]) < batch && s.rows < rowGroup {
		return true, nil
	}
	return true, s.pass(s.rows == rowGroup)
}

// pass gives what is pending to the columns, and ends the row group if it is full.
func (s *parquetSink) pass(full bool) error {
	for i, values := range s.pending {
		if len(values) == 0 {
			continue
		}
		if _, err := s.writers[i].WriteRowValues(values); err != nil {
			return err
		}
		clear(values)
		s.pending[i] = values[:0]
	}
	if !full {
		return nil
	}
	s.rows = 0
	return s.w.Flush()
}

func (s *parquetSink) close() error {
	if err := s.pass(s.rows > 0); err != nil {
		return err
	}
	return s.w.Close()
}

func level(v *value, c *column) int {
	if v.set && !c.required {
		return 1
	}
	return 0
}

func parquetValue(v *value, c *column) parquet.Value {
	switch {
	case !v.set && !c.required:
		return parquet.NullValue()
	case c.kind == word || c.kind == unique:
		return parquet.ByteArrayValue(unsafe.Slice(unsafe.StringData(v.text), len(v.text)))
	case c.kind == instant:
		return parquet.Int64Value(v.number / 1000)
	case c.kind == flag:
		return parquet.BooleanValue(v.number != 0)
	}
	return parquet.Int64Value(v.number)
}

// A schema's fields stand in the order of its columns, which a parquet.Group would sort.
type orderedGroup struct {
	parquet.Group
	columns []column
}

// Fields implements parquet.Node.
func (g orderedGroup) Fields() []parquet.Field {
	fields := g.Group.Fields()
	rank := func(f parquet.Field) int {
		return slices.IndexFunc(g.columns, func(c column) bool { return c.name == f.Name() })
	}
	slices.SortFunc(fields, func(a, b parquet.Field) int { return rank(a) - rank(b) })
	return fields
}

func newSchema(columns []column) *parquet.Schema {
	g := orderedGroup{Group: parquet.Group{}, columns: columns}
	for _, c := range columns {
		node := c.kind.node()
		if !c.required {
			node = parquet.Optional(node)
		}
		g.Group[c.name] = node
	}
	return parquet.NewSchema("rollcall", g)
}

// node is a column of the kind. Numbers and instants mostly grow from row to row, so their
// differences are written.
func (k kind) node() parquet.Node {
	switch k {
	case unique:
		return parquet.Encoded(parquet.String(), &parquet.Plain)
	case counter:
		return parquet.Encoded(parquet.Uint(64), &parquet.DeltaBinaryPacked)
	case number:
		return parquet.Encoded(parquet.Int(64), &parquet.DeltaBinaryPacked)
	case instant:
		return parquet.Encoded(parquet.Timestamp(parquet.Microsecond), &parquet.DeltaBinaryPacked)
	case flag:
		return parquet.Leaf(parquet.BooleanType)
	case word:
		return parquet.Encoded(parquet.String(), &parquet.RLEDictionary)
	}
	panic("no such kind of column: " + strconv.Itoa(int(k)))
}
