-- +goose NO TRANSACTION
-- +goose Up
-- disable the enforcement of foreign-keys constraints
PRAGMA foreign_keys = off;
-- create "new_installments" table
CREATE TABLE `new_installments` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `version` integer NOT NULL DEFAULT (1), `status` text NOT NULL, `status_since` datetime NOT NULL, `plan` integer NOT NULL DEFAULT (1), `number` integer NOT NULL, `due_on` text NOT NULL, `principal` integer NOT NULL DEFAULT (0), `interest` integer NOT NULL DEFAULT (0), `penalty` integer NOT NULL DEFAULT (0), `fixed_penalty` integer NOT NULL DEFAULT (0), `planned_interest` integer NULL, `paid_principal` integer NOT NULL DEFAULT (0), `paid_interest` integer NOT NULL DEFAULT (0), `paid_penalty` integer NOT NULL DEFAULT (0), `loan_id` integer NOT NULL, `bid_id` integer NULL, CONSTRAINT `installments_loans_loan` FOREIGN KEY (`loan_id`) REFERENCES `loans` (`id`) ON DELETE NO ACTION, CONSTRAINT `installments_bids_bid` FOREIGN KEY (`bid_id`) REFERENCES `bids` (`id`) ON DELETE SET NULL, CONSTRAINT `installments_amounts` CHECK (principal >= 0 AND interest >= 0 AND penalty >= 0), CONSTRAINT `installments_number` CHECK (number > 0 AND plan > 0), CONSTRAINT `installments_paid` CHECK (paid_principal >= 0 AND paid_principal <= principal AND paid_interest >= 0 AND paid_interest <= interest AND paid_penalty >= 0 AND paid_penalty <= penalty), CONSTRAINT `installments_status` CHECK (status IN ('DUE', 'PARTLY_PAID', 'PAID', 'OVERDUE', 'CANCELLED')));
-- copy rows from old table "installments" to new temporary table "new_installments"
INSERT INTO `new_installments` (`id`, `created_at`, `updated_at`, `version`, `status`, `status_since`, `plan`, `number`, `due_on`, `principal`, `interest`, `penalty`, `paid_principal`, `paid_interest`, `paid_penalty`, `loan_id`, `bid_id`) SELECT `id`, `created_at`, `updated_at`, `version`, `status`, `status_since`, `plan`, `number`, `due_on`, `principal`, `interest`, `penalty`, `paid_principal`, `paid_interest`, `paid_penalty`, `loan_id`, `bid_id` FROM `installments`;
-- drop "installments" table after copying rows
DROP TABLE `installments`;
-- rename temporary table "new_installments" to "installments"
ALTER TABLE `new_installments` RENAME TO `installments`;
-- create index "installment_created_at" to table: "installments"
CREATE INDEX `installment_created_at` ON `installments` (`created_at`);
-- create index "installment_status_created_at" to table: "installments"
CREATE INDEX `installment_status_created_at` ON `installments` (`status`, `created_at`);
-- create index "installment_status_status_since" to table: "installments"
CREATE INDEX `installment_status_status_since` ON `installments` (`status`, `status_since`);
-- create index "installments_of_loan" to table: "installments"
CREATE UNIQUE INDEX `installments_of_loan` ON `installments` (`loan_id`, `plan`, `number`) WHERE bid_id IS NULL;
-- create index "installments_of_bid" to table: "installments"
CREATE UNIQUE INDEX `installments_of_bid` ON `installments` (`bid_id`, `plan`, `number`) WHERE bid_id IS NOT NULL;
-- create index "installment_loan_id_number" to table: "installments"
CREATE INDEX `installment_loan_id_number` ON `installments` (`loan_id`, `number`);
-- create index "installment_bid_id_number" to table: "installments"
CREATE INDEX `installment_bid_id_number` ON `installments` (`bid_id`, `number`);
-- create index "installment_status_due_on" to table: "installments"
CREATE INDEX `installment_status_due_on` ON `installments` (`status`, `due_on`);
-- create "new_repayments" table
CREATE TABLE `new_repayments` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `fee` integer NOT NULL DEFAULT (0), `settles` bool NOT NULL DEFAULT (false), `amount` integer NOT NULL, `penalty` integer NOT NULL, `interest` integer NOT NULL, `principal` integer NOT NULL, `paid_at` datetime NOT NULL, `reference` text NOT NULL, `reversed_at` datetime NULL, `reported_by_type` text NOT NULL, `reported_by_id` integer NOT NULL, `reported_by_name` text NULL, `loan_id` integer NOT NULL, CONSTRAINT `repayments_loans_loan` FOREIGN KEY (`loan_id`) REFERENCES `loans` (`id`) ON DELETE NO ACTION, CONSTRAINT `repayments_amounts` CHECK (amount > 0 AND penalty >= 0 AND interest >= 0 AND principal >= 0));
-- copy rows from old table "repayments" to new temporary table "new_repayments"
INSERT INTO `new_repayments` (`id`, `created_at`, `amount`, `penalty`, `interest`, `principal`, `paid_at`, `reference`, `reversed_at`, `reported_by_type`, `reported_by_id`, `reported_by_name`, `loan_id`) SELECT `id`, `created_at`, `amount`, `penalty`, `interest`, `principal`, `paid_at`, `reference`, `reversed_at`, `reported_by_type`, `reported_by_id`, `reported_by_name`, `loan_id` FROM `repayments`;
-- drop "repayments" table after copying rows
DROP TABLE `repayments`;
-- rename temporary table "new_repayments" to "repayments"
ALTER TABLE `new_repayments` RENAME TO `repayments`;
-- create index "repayments_reference_key" to table: "repayments"
CREATE UNIQUE INDEX `repayments_reference_key` ON `repayments` (`reference`);
-- create index "repayment_created_at" to table: "repayments"
CREATE INDEX `repayment_created_at` ON `repayments` (`created_at`);
-- create index "repayment_loan_id_created_at" to table: "repayments"
CREATE INDEX `repayment_loan_id_created_at` ON `repayments` (`loan_id`, `created_at`);
-- create index "repayment_paid_at" to table: "repayments"
CREATE INDEX `repayment_paid_at` ON `repayments` (`paid_at`);
-- add column "order_number" to table: "loans"
ALTER TABLE `loans` ADD COLUMN `order_number` text NULL;
-- add column "accrued_on" to table: "loans"
ALTER TABLE `loans` ADD COLUMN `accrued_on` text NULL;
-- add column "defaulted_at" to table: "loans"
ALTER TABLE `loans` ADD COLUMN `defaulted_at` datetime NULL;
-- create "allocations" table
CREATE TABLE `allocations` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `paid_on` text NOT NULL, `penalty` integer NOT NULL, `interest` integer NOT NULL, `principal` integer NOT NULL, `reversed` bool NOT NULL DEFAULT (false), `repayment_id` integer NOT NULL, `installment_id` integer NOT NULL, CONSTRAINT `allocations_repayments_repayment` FOREIGN KEY (`repayment_id`) REFERENCES `repayments` (`id`) ON DELETE NO ACTION, CONSTRAINT `allocations_installments_installment` FOREIGN KEY (`installment_id`) REFERENCES `installments` (`id`) ON DELETE NO ACTION, CONSTRAINT `allocations_amounts` CHECK (penalty >= 0 AND interest >= 0 AND principal >= 0 AND penalty + interest + principal > 0));
-- create index "allocation_created_at" to table: "allocations"
CREATE INDEX `allocation_created_at` ON `allocations` (`created_at`);
-- create index "allocation_repayment_id_installment_id" to table: "allocations"
CREATE UNIQUE INDEX `allocation_repayment_id_installment_id` ON `allocations` (`repayment_id`, `installment_id`);
-- create index "allocation_installment_id" to table: "allocations"
CREATE INDEX `allocation_installment_id` ON `allocations` (`installment_id`);
-- create "disbursements" table
CREATE TABLE `disbursements` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `number` text NOT NULL, `collections` text NOT NULL, `state` text NOT NULL, `reference` text NULL, `report` text NULL, `asks` integer NOT NULL DEFAULT (0), `asked_at` datetime NULL, `finished_at` datetime NULL, `loan_id` integer NOT NULL, `payee_card_id` integer NOT NULL, CONSTRAINT `disbursements_loans_loan` FOREIGN KEY (`loan_id`) REFERENCES `loans` (`id`) ON DELETE NO ACTION, CONSTRAINT `disbursements_bank_cards_payee_card` FOREIGN KEY (`payee_card_id`) REFERENCES `bank_cards` (`id`) ON DELETE NO ACTION, CONSTRAINT `disbursements_ended` CHECK ((state = 'ORDERED') = (finished_at IS NULL)), CONSTRAINT `disbursements_state` CHECK (state IN ('ORDERED', 'CONFIRMED', 'FAILED')));
-- create index "disbursements_number_key" to table: "disbursements"
CREATE UNIQUE INDEX `disbursements_number_key` ON `disbursements` (`number`);
-- create index "disbursements_reference_key" to table: "disbursements"
CREATE UNIQUE INDEX `disbursements_reference_key` ON `disbursements` (`reference`);
-- create index "disbursement_created_at" to table: "disbursements"
CREATE INDEX `disbursement_created_at` ON `disbursements` (`created_at`);
-- create index "disbursements_open" to table: "disbursements"
CREATE UNIQUE INDEX `disbursements_open` ON `disbursements` (`loan_id`) WHERE state = 'ORDERED';
-- create index "disbursement_loan_id_created_at" to table: "disbursements"
CREATE INDEX `disbursement_loan_id_created_at` ON `disbursements` (`loan_id`, `created_at`);
-- create index "disbursement_state_asked_at" to table: "disbursements"
CREATE INDEX `disbursement_state_asked_at` ON `disbursements` (`state`, `asked_at`);
-- create index "disbursement_payee_card_id" to table: "disbursements"
CREATE INDEX `disbursement_payee_card_id` ON `disbursements` (`payee_card_id`);
-- enable back the enforcement of foreign-keys constraints
PRAGMA foreign_keys = on;
