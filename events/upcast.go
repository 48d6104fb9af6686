package events

// All upcasters stand here. An upcaster turns the fields of one version of a
// kind, a msgpack array, into those of the next; apply runs as many as it
// takes. A version that only adds fields needs none.

type kindVersion struct {
	kind    Kind
	version uint8
}

type upcaster func(fields []byte) ([]byte, error)

type upcastTable map[kindVersion]upcaster

// upcasters is empty as long as no event has changed in meaning.
var upcasters upcastTable

func (t upcastTable) apply(k Kind, version uint8, fields []byte) ([]byte, uint8, error) {
	if len(t) == 0 {
		return fields, version, nil
	}
	for {
		up, ok := t[kindVersion{k, version}]
		if !ok {
			return fields, version, nil
		}
		next, err := up(fields)
		if err != nil {
			return nil, version, err
		}
		fields, version = next, version+1
	}
}
