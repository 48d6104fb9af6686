package bus

const MaxWaiting = 100

type Pre struct{}

func newPre(*Bus) *Pre { return &Pre{} }
func (*Pre) close()    {}

type Leases struct{ b *Bus }
type Courier struct{}

func newCourier(*Bus) (*Courier, error) { return &Courier{}, nil }
func (*Courier) close()                 {}

type Documents struct{}

func newDocuments(*Bus, string) *Documents { return &Documents{} }

type Waiting struct{ b *Bus }
