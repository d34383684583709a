// Package handlers is the shared frame of everything that answers HTTP: one
// router, one middleware chain, one error renderer.
//
// The rooms below it (webhook, api, web, ops) bring their [Route] values and
// import this package for [Fail], [WriteJSON] and [Annotate]; this package
// imports none of them. The application puts the two together:
//
//	handlers.New(handlers.Options{Routes: slices.Concat(hooks.Routes(), ops.Routes(), …)})
//
// A request passes, from the outside in: identity, log line and metrics; panic
// recovery; security headers; cross-origin protection; the router; the route's
// method table; the route's [Access] guard; the handler.
package handlers
