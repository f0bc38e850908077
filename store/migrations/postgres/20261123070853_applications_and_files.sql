-- +goose Up
-- create index "documents_blob_key" to table: "documents"
CREATE UNIQUE INDEX "documents_blob_key" ON "documents" ("blob");
-- modify "loans" table
ALTER TABLE "loans" DROP COLUMN "reviewer_id", ADD COLUMN "required_documents" jsonb NULL;
