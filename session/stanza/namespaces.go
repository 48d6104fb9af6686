package stanza

// Namespaces of the elements that a connector and its clients exchange.
const (
	NSClient         = "jabber:client"                           // RFC 6120, 4.8.2
	NSStream         = "http://etherx.jabber.org/streams"        // RFC 6120, 4.8.1
	NSStreamErrors   = "urn:ietf:params:xml:ns:xmpp-streams"     // RFC 6120, 4.9.2
	NSStanzaErrors   = "urn:ietf:params:xml:ns:xmpp-stanzas"     // RFC 6120, 8.3.2
	NSTLS            = "urn:ietf:params:xml:ns:xmpp-tls"         // RFC 6120, 5
	NSSASL           = "urn:ietf:params:xml:ns:xmpp-sasl"        // RFC 6120, 6
	NSSASL2          = "urn:xmpp:sasl:2"                         // XEP-0388
	NSChannelBinding = "urn:xmpp:sasl-cb:0"                      // XEP-0440
	NSBind           = "urn:ietf:params:xml:ns:xmpp-bind"        // RFC 6120, 7
	NSBind2          = "urn:xmpp:bind:0"                         // XEP-0386
	NSSession        = "urn:ietf:params:xml:ns:xmpp-session"     // RFC 3921, 3
	NSFraming        = "urn:ietf:params:xml:ns:xmpp-framing"     // RFC 7395
	NSRoster         = "jabber:iq:roster"                        // RFC 6121, 2
	NSRosterVer      = "urn:xmpp:features:rosterver"             // RFC 6121, 2.6
	NSPreApproval    = "urn:xmpp:features:pre-approval"          // RFC 6121, 3.4
	NSDelay          = "urn:xmpp:delay"                          // XEP-0203
	NSPing           = "urn:xmpp:ping"                           // XEP-0199
	NSDiscoInfo      = "http://jabber.org/protocol/disco#info"   // XEP-0030
	NSDiscoItems     = "http://jabber.org/protocol/disco#items"  // XEP-0030
	NSStreamMgmt     = "urn:xmpp:sm:3"                           // XEP-0198
	NSCarbons        = "urn:xmpp:carbons:2"                      // XEP-0280
	NSForward        = "urn:xmpp:forward:0"                      // XEP-0297
	NSClientState    = "urn:xmpp:csi:0"                          // XEP-0352
	NSBlocking       = "urn:xmpp:blocking"                       // XEP-0191
	NSLastActivity   = "jabber:iq:last"                          // XEP-0012
	NSHints          = "urn:xmpp:hints"                          // XEP-0334
	NSChatStates     = "http://jabber.org/protocol/chatstates"   // XEP-0085
	NSCaps           = "http://jabber.org/protocol/caps"         // XEP-0115
	NSForms          = "jabber:x:data"                           // XEP-0004
	NSPubSubEvent    = "http://jabber.org/protocol/pubsub#event" // XEP-0060
	nsXML            = "http://www.w3.org/XML/1998/namespace"    // Namespaces in XML 1.0, 3
	nsXMLNS          = "http://www.w3.org/2000/xmlns/"           // Namespaces in XML 1.0, 3
)
