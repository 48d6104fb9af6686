package web

import (
	"net/http"
	"time"
)

// zoneCookie remembers the zone that a viewer has chosen.
const zoneCookie = "rollcall_zone"

// zoneOf is the zone of the page's times: the one that its URL names, the one that was
// chosen before, or UTC. A choice is remembered.
func (v *visit) zoneOf() *time.Location {
	name := v.value("zone")
	if zone, ok := zoneNamed(name); ok {
		http.SetCookie(v.w, &http.Cookie{Name: zoneCookie, Value: name, Path: "/", SameSite: http.SameSiteStrictMode, MaxAge: 365 * 24 * 3600})
		return zone
	}
	if c, err := v.r.Cookie(zoneCookie); err == nil {
		if zone, ok := zoneNamed(c.Value); ok {
			return zone
		}
	}
	return time.UTC
}

// zoneNamed is a zone by its name in the IANA database. The machine's own is nobody's.
func zoneNamed(name string) (*time.Location, bool) {
	if name == "" || name == "Local" {
		return nil, false
	}
	zone, err := time.LoadLocation(name)
	return zone, err == nil
}

// Zone is the name of the page's zone.
func (v *visit) Zone() string { return v.zone.String() }

// InZone is this page with its times in another zone.
func (v *visit) InZone(name string) string {
	query := v.r.URL.Query()
	query.Set("zone", name)
	return v.r.URL.Path + "?" + query.Encode()
}
