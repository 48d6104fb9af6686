package events

// All upcasters stand here. An upcaster turns the fields of one version of a
// kind, a msgpack array, into those of the next; apply runs as many as it
// takes. A version that only adds fields needs none.

type upcaster func(fields []byte) ([]byte, error)

// An upcastTable has the upcasters of each kind by the version that they read.
// It is looked into for every record that is folded, hence no map.
type upcastTable [256][]upcaster

// upcasters are those of the events' own history.
var upcasters = upcastTable{
	KindStreamManagementEnabled: {1: tokenHashToBin},
}

func (t *upcastTable) apply(k Kind, version uint8, fields []byte) ([]byte, uint8, error) {
	for ups := t[k]; int(version) < len(ups) && ups[version] != nil; version++ {
		next, err := ups[version](fields)
		if err != nil {
			return nil, version, err
		}
		fields = next
	}
	return fields, version, nil
}

// tokenHashToBin: version 1 wrote the hash as a string, though it is no text.
func tokenHashToBin(raw []byte) ([]byte, error) {
	f := fieldsOf(raw)
	resumable, limit, hash := f.bool(), f.uint(), f.string()
	b := appendUint(appendBool(appendArray(nil, 3), resumable), limit)
	return appendBin(b, hash), f.d.err
}
