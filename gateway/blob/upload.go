package blob

// Upload is a file as somebody sent it: a name that they chose, and what it holds.
type Upload struct {
	Name    string
	Content []byte
}
