-- +goose NO TRANSACTION
-- +goose Up
-- disable the enforcement of foreign-keys constraints
PRAGMA foreign_keys = off;
-- add column "national_id" to table: "bank_cards"
ALTER TABLE `bank_cards` ADD COLUMN `national_id` blob NULL;
-- drop index "bank_cards_number_bound" from table: "bank_cards"
DROP INDEX `bank_cards_number_bound`;
-- create index "bank_cards_number_held" to table: "bank_cards"
CREATE UNIQUE INDEX `bank_cards_number_held` ON `bank_cards` (`number_hash`) WHERE status IN ('PENDING_REVIEW', 'PENDING_BINDING', 'BOUND');
-- create "new_bank_card_attempts" table
CREATE TABLE `new_bank_card_attempts` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `system` text NOT NULL, `request_id` text NOT NULL, `amount` integer NULL, `currency` text NULL, `asks` integer NOT NULL DEFAULT (0), `asked_at` datetime NULL, `result` text NULL, `raw_code` text NULL, `started_at` datetime NOT NULL, `finished_at` datetime NULL, `bank_card_id` integer NOT NULL, CONSTRAINT `bank_card_attempts_bank_cards_bank_card` FOREIGN KEY (`bank_card_id`) REFERENCES `bank_cards` (`id`) ON DELETE NO ACTION, CONSTRAINT `bank_card_attempts_amount` CHECK (amount > 0), CONSTRAINT `bank_card_attempts_asks` CHECK (asks >= 0), CONSTRAINT `bank_card_attempts_payment` CHECK ((amount IS NULL) = (currency IS NULL)), CONSTRAINT `bank_card_attempts_system` CHECK (system IN ('KXD', 'KXDM')));
-- copy rows from old table "bank_card_attempts" to new temporary table "new_bank_card_attempts"
INSERT INTO `new_bank_card_attempts` (`id`, `system`, `request_id`, `result`, `raw_code`, `started_at`, `finished_at`, `bank_card_id`) SELECT `id`, `system`, `request_id`, `result`, `raw_code`, `started_at`, `finished_at`, `bank_card_id` FROM `bank_card_attempts`;
-- drop "bank_card_attempts" table after copying rows
DROP TABLE `bank_card_attempts`;
-- rename temporary table "new_bank_card_attempts" to "bank_card_attempts"
ALTER TABLE `new_bank_card_attempts` RENAME TO `bank_card_attempts`;
-- create index "bank_card_attempts_request_id_key" to table: "bank_card_attempts"
CREATE UNIQUE INDEX `bank_card_attempts_request_id_key` ON `bank_card_attempts` (`request_id`);
-- create index "bank_card_attempts_open" to table: "bank_card_attempts"
CREATE UNIQUE INDEX `bank_card_attempts_open` ON `bank_card_attempts` (`bank_card_id`) WHERE finished_at IS NULL;
-- create index "bankcardattempt_bank_card_id_started_at" to table: "bank_card_attempts"
CREATE INDEX `bankcardattempt_bank_card_id_started_at` ON `bank_card_attempts` (`bank_card_id`, `started_at`);
-- create index "bankcardattempt_finished_at_started_at" to table: "bank_card_attempts"
CREATE INDEX `bankcardattempt_finished_at_started_at` ON `bank_card_attempts` (`finished_at`, `started_at`);
-- enable back the enforcement of foreign-keys constraints
PRAGMA foreign_keys = on;
