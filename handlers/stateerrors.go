package handlers

// ofState translates the store's errors; nil when err is none of them.
func ofState(error) *Problem { return nil }
