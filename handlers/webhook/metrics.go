package webhook

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"

	"flipmirror/forge"
	"flipmirror/handlers"
)

// counter counts deliveries by forge and by how they ended. Both labels come
// from fixed sets: statuses of [Answer] and codes of refusals.
type counter struct{ total *prometheus.CounterVec }

func newCounter(reg prometheus.Registerer) (*counter, error) {
	c := &counter{total: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "flipmirror_webhook_deliveries_total",
		Help: "Webhook requests by forge and outcome: accepted, duplicate, ignored, pong, or the code of the refusal.",
	}, []string{"forge", "outcome"})}
	if reg == nil {
		return c, nil
	}
	return c, reg.Register(c.total)
}

func (c *counter) answered(k forge.Kind, status string) {
	c.total.WithLabelValues(string(k), status).Inc()
}

func (c *counter) refused(k forge.Kind, err error) {
	code := "internal"
	if p := (*handlers.Problem)(nil); errors.As(err, &p) {
		code = p.Code()
	}
	c.total.WithLabelValues(string(k), code).Inc()
}
