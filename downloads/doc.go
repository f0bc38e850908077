// Package downloads is the door through which files are fetched, each by a signed link: of documents, exports and backups, as Document.url, Export.url and Backup.url give them.
//
// It owns how a file is sent so that no browser makes a page of it: as an attachment, of the type that was found in it, kept by no cache. Whether a link opens anything is the
// offices' to say.
package downloads
