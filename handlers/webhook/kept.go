package webhook

// keptBody is how much of a body is kept for people to read.
const keptBody = 16 << 10
