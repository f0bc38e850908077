-- +goose NO TRANSACTION
-- +goose Up
-- add column "accepted_at" to table: "disbursements"
ALTER TABLE `disbursements` ADD COLUMN `accepted_at` datetime NULL;
