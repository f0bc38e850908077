// Package downloads is the door through which the files of documents are fetched, each by a signed link that Document.url gives.
//
// It owns how a file is sent so that no browser makes a page of it: as an attachment, of the type that was found in it, kept by no cache. Whether a link opens anything is the
// office's to say (origination.Download).
package downloads
