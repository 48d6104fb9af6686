package stream

import (
	"encoding/json"
	"net/http"

	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// Discovery of the WebSocket: XEP-0156, 3. The address is the one that the
// request was sent to, as a proxy in front of us has its own.

// relWebSocket is the relation of XEP-0156, 3.1.
const relWebSocket = "urn:xmpp:alt-connections:websocket"

func hostMetaXML(w http.ResponseWriter, r *http.Request) {
	b := []byte("<?xml version='1.0' encoding='utf-8'?>" +
		"<XRD xmlns='http://docs.oasis-open.org/ns/xri/xrd-1.0'><Link rel='" + relWebSocket + "'")
	b = stanza.AppendAttr(b, "href", webSocketURL(r))
	writeHostMeta(w, "application/xrd+xml", append(b, "/></XRD>\n"...))
}

func hostMetaJSON(w http.ResponseWriter, r *http.Request) {
	type link struct {
		Rel  string `json:"rel"`
		Href string `json:"href"`
	}
	var meta struct {
		Links []link `json:"links"`
	}
	meta.Links = []link{{relWebSocket, webSocketURL(r)}}
	b, err := json.Marshal(meta)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	writeHostMeta(w, "application/json", append(b, '\n'))
}

// writeHostMeta lets any page read it (XEP-0156, 3.1). Nobody asks twice.
func writeHostMeta(w http.ResponseWriter, contentType string, b []byte) {
	w.Header().Set("Access-Control-Allow-Origin", "*")
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Connection", "close")
	w.Write(b)
}

// webSocketURL is the address that the request's sender can reach. Host is what it
// has written itself, so a false one misleads nobody else.
func webSocketURL(r *http.Request) string {
	c := r.Context().Value(httpConnKey{}).(*httpConn)
	scheme := "ws://"
	if r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https" && c.isProxy() {
		scheme = "wss://"
	}
	return scheme + r.Host + WebSocketPath
}
