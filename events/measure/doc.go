// Package measure counts how long things take where nobody may wait for the counting:
// without a lock, an allocation or a look-up. Whoever owns a fact counts it, and
// whoever shows figures reads them.
package measure
