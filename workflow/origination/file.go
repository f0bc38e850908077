package origination

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"log/slog"
	"path"
	"strings"
	"unicode"

	"github.com/gabriel-vasile/mimetype"

	"lenddesk/fault"
	"lenddesk/gateway/blob"
	"lenddesk/parameter"
	"lenddesk/seal"
	"lenddesk/store"
)

// contents are the media types that a document's file may be of.
var contents = []string{
	"application/pdf", "image/jpeg", "image/png", "image/webp", "image/heic",
	"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}

// contentNames are they as people know them.
const contentNames = "PDF, JPEG, PNG, WebP, HEIC, XLSX, DOCX"

// file is an upload that was looked at.
type file struct {
	name, contentType, sha256 string
	content                   []byte
}

// megabyte is the unit of MAX_DOCUMENT_SIZE.
const megabyte = 1 << 20

// inspect looks into an upload: what it is of is found in it, never believed.
func inspect(values parameter.Values, up *blob.Upload, faults *fault.List) file {
	if up == nil {
		faults.Add(fault.Problem{Code: fault.Required}, "file")
		return file{}
	}
	if len(up.Content) == 0 {
		faults.Add(fault.Problem{Code: fault.Invalid, Text: "file_empty"}, "file")
		return file{}
	}
	if most := values.Int(parameter.MaxDocumentSize); len(up.Content) > most*megabyte {
		faults.Add(fault.Problem{Code: fault.TooLong, Text: "file_too_large", Data: map[string]any{"maximum": most}}, "file")
		return file{}
	}
	found := mimetype.Detect(up.Content)
	f := file{name: plainName(up.Name, found.Extension()), content: up.Content}
	for _, c := range contents {
		if found.Is(c) {
			f.contentType = c
		}
	}
	if f.contentType == "" {
		faults.Add(fault.Problem{Code: fault.Invalid, Text: "file_type", Data: map[string]any{"types": contentNames}}, "file")
	}
	sum := sha256.Sum256(up.Content)
	f.sha256 = hex.EncodeToString(sum[:])
	return f
}

// plainName is the last part of a file's name, of characters that can be seen, at most 255 of them.
func plainName(name, extension string) string {
	name = path.Base(strings.ReplaceAll(strings.ToValidUTF8(name, ""), "\\", "/"))
	name = strings.TrimSpace(strings.Map(func(r rune) rune {
		if !unicode.IsGraphic(r) || strings.ContainsRune(`"<>|:*?/`, r) {
			return -1
		}
		return r
	}, name))
	if strings.Trim(name, ". ") == "" {
		return "document" + extension
	}
	if letters := []rune(name); len(letters) > 255 {
		name = string(letters[len(letters)-255:])
	}
	return name
}

// sealedAs binds a file to its name: one cannot be put in another's place.
func sealedAs(name string) seal.Purpose { return seal.Purpose("document " + name) }

// put seals a file and keeps it under a new name.
func (o *Office) put(ctx context.Context, f file) (name string, err error) {
	name = strings.ToLower(rand.Text())
	sealed, err := o.Keys.Seal(sealedAs(name), string(f.content))
	if err != nil {
		return "", err
	}
	return name, o.Files.Put(ctx, name, sealed)
}

// drop removes a file to which no row points. Whether one does is not certain after a commit whose answer was lost: then the sweeper finds out. Neither is
// anything lost when the file cannot be removed now.
func (o *Office) drop(ctx context.Context, name string, because error) {
	if store.Uncertain(because) {
		return
	}
	if err := o.Files.Delete(context.WithoutCancel(ctx), name); err != nil {
		slog.WarnContext(ctx, "a file that belongs to nothing stays until it is swept", "error", err)
	}
}

// open reads a file and makes sure that it is the one that was put there.
func (o *Office) open(ctx context.Context, name, sum string) ([]byte, error) {
	sealed, err := o.Files.Get(ctx, name)
	if err != nil {
		return nil, err
	}
	content, err := o.Keys.Open(sealedAs(name), sealed)
	if err != nil {
		return nil, err
	}
	if found := sha256.Sum256([]byte(content)); hex.EncodeToString(found[:]) != sum {
		return nil, errors.New("a document's file is not the one that was uploaded")
	}
	return []byte(content), nil
}
