package index

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// settings are those of a stream's that say what may be in its blocks.
type settings struct {
	Name        string            `json:"name"`
	PerSubject  int64             `json:"max_msgs_per_subject"`
	Compression string            `json:"compression"`
	TTLs        bool              `json:"allow_msg_ttl"`
	Schedules   bool              `json:"allow_msg_schedules"`
	Counter     bool              `json:"allow_msg_counter"`
	Retention   string            `json:"retention"`
	Sources     []json.RawMessage `json:"sources"`
	Mirror      json.RawMessage   `json:"mirror"`
}

// readSettings reads the stream's name, and refuses a stream that may have more
// in its blocks than the records of a plain log.
func readSettings(dir string) (name string, err error) {
	text, err := os.ReadFile(filepath.Join(dir, "meta.inf"))
	if err != nil {
		return "", err
	}
	var s settings
	if err := json.Unmarshal(text, &s); err != nil {
		return "", fmt.Errorf("%w: its settings can't be read: %w", ErrUnfit, err) // or are encrypted
	}
	plain := s.PerSubject <= 0 && s.Compression == "none" && !s.TTLs && !s.Schedules && !s.Counter &&
		s.Retention == "limits" && len(s.Sources) == 0 && len(s.Mirror) == 0
	if !plain || s.Name != filepath.Base(dir) {
		return "", fmt.Errorf("%w: the stream is not a plain log", ErrUnfit)
	}
	return s.Name, nil
}
