package events

import "errors"

// A DeniedError is what NATS refuses for want of a permission. It wraps ErrUnavailable,
// and like ErrDisk it does not pass by waiting.
type DeniedError struct {
	Subscribe bool   // otherwise publish
	Subject   string // as a permission would name it: of an account's subjects the wildcard
}

// Error names what the permissions lack.
func (e *DeniedError) Error() string {
	act := "publish to "
	if e.Subscribe {
		act = "subscribe to "
	}
	return "the NATS user has no permission to " + act + e.Subject
}

// Is reports that nothing was stored, as ErrUnavailable does.
func (e *DeniedError) Is(target error) bool { return target == ErrUnavailable }

// IsDenied reports a *DeniedError.
func IsDenied(err error) bool {
	_, denied := errors.AsType[*DeniedError](err)
	return denied
}

// Lasts reports an ErrUnavailable that waiting does not mend: the disk has failed, or a
// permission is missing.
func Lasts(err error) bool {
	return IsDenied(err) || errors.Is(err, ErrDisk)
}
