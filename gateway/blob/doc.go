// Package blob keeps files outside the database: documents that customers upload, exports, imports while they are read. A folder by default; memory for tests.
//
// It owns where a file lies and that it is whole there before Put, or the Close of Write, returns. It does not know what a file is about, nor is anything in it readable to who
// looks into the folder: callers seal what they put. Names are made by the caller, never by who uploads.
package blob
