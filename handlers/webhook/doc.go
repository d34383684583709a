// Package webhook is the door for events. A request is read within bounds,
// proven to come from the forge, reduced to "look at this repo again" and made
// durable; then it is answered. Nothing else happens here: no forge is called,
// no payload is taken for the state of anything.
//
// The path says which forge sent a delivery (POST /hooks/forgejo, POST
// /hooks/github), never a header: Forgejo's deliveries carry X-GitHub-Event and
// a valid X-Hub-Signature-256 as well. What decides is the secret of the path.
//
// What is signed is the body alone. Delivery id and event name are headers, and
// whoever has seen one delivery can send its body again under others. So a known
// id is a duplicate, an unknown one causes at most one more look, and a body
// that doesn't fit its event name loses its action (law L9).
package webhook
