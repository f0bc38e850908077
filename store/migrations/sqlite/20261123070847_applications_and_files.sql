-- +goose NO TRANSACTION
-- +goose Up
-- disable the enforcement of foreign-keys constraints
PRAGMA foreign_keys = off;
-- create index "documents_blob_key" to table: "documents"
CREATE UNIQUE INDEX `documents_blob_key` ON `documents` (`blob`);
-- create "new_loans" table
CREATE TABLE `new_loans` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `version` integer NOT NULL DEFAULT (1), `status` text NOT NULL, `status_since` datetime NOT NULL, `number` text NOT NULL, `requested_amount` integer NOT NULL, `requested_annual_rate` integer NOT NULL, `requested_term_months` integer NOT NULL, `amount` integer NOT NULL, `annual_rate` integer NOT NULL, `term_months` integer NOT NULL, `repayment_method` text NOT NULL, `purpose` text NOT NULL, `description` text NULL, `round` integer NOT NULL DEFAULT (1), `approvals_needed` integer NOT NULL DEFAULT (1), `terms_accepted` bool NOT NULL DEFAULT (false), `submitted_at` datetime NULL, `required_documents` json NULL, `minimum_bid` integer NULL, `bid_step` integer NULL, `opens_at` datetime NULL, `closes_at` datetime NULL, `reserved_amount` integer NOT NULL DEFAULT (0), `funded_amount` integer NOT NULL DEFAULT (0), `disbursed_at` datetime NULL, `borrower_id` integer NOT NULL, `company_id` integer NULL, CONSTRAINT `loans_users_borrower` FOREIGN KEY (`borrower_id`) REFERENCES `users` (`id`) ON DELETE NO ACTION, CONSTRAINT `loans_companies_company` FOREIGN KEY (`company_id`) REFERENCES `companies` (`id`) ON DELETE SET NULL, CONSTRAINT `loans_approvals` CHECK (approvals_needed > 0 AND round > 0), CONSTRAINT `loans_bids` CHECK (minimum_bid > 0 AND bid_step > 0), CONSTRAINT `loans_funding` CHECK (funded_amount >= 0 AND funded_amount <= reserved_amount AND reserved_amount <= amount), CONSTRAINT `loans_method` CHECK (repayment_method IN ('EQUAL_INSTALLMENTS', 'EQUAL_PRINCIPAL', 'INTEREST_ONLY', 'BULLET')), CONSTRAINT `loans_purpose` CHECK (purpose IN ('WORKING_CAPITAL', 'EQUIPMENT', 'INVENTORY', 'CONSUMPTION', 'HOME_IMPROVEMENT', 'EDUCATION', 'MEDICAL', 'VEHICLE', 'DEBT_CONSOLIDATION', 'OTHER')), CONSTRAINT `loans_requested` CHECK (requested_amount > 0 AND requested_annual_rate >= 0 AND requested_term_months > 0), CONSTRAINT `loans_status` CHECK (status IN ('DRAFT', 'MATERIALS_REVIEW', 'APPLICATION_REVIEW', 'RETURNED', 'REJECTED', 'WITHDRAWN', 'APPROVED', 'BIDDING', 'FULLY_FUNDED', 'LISTING_FAILED', 'CANCELLED', 'AWAITING_DISBURSEMENT', 'REPAYING', 'OVERDUE', 'DEFAULTED', 'WRITTEN_OFF', 'SETTLED')), CONSTRAINT `loans_terms` CHECK (amount > 0 AND annual_rate >= 0 AND term_months > 0), CONSTRAINT `loans_version` CHECK (version > 0));
-- copy rows from old table "loans" to new temporary table "new_loans"
INSERT INTO `new_loans` (`id`, `created_at`, `updated_at`, `version`, `status`, `status_since`, `number`, `requested_amount`, `requested_annual_rate`, `requested_term_months`, `amount`, `annual_rate`, `term_months`, `repayment_method`, `purpose`, `description`, `round`, `approvals_needed`, `terms_accepted`, `submitted_at`, `minimum_bid`, `bid_step`, `opens_at`, `closes_at`, `reserved_amount`, `funded_amount`, `disbursed_at`, `borrower_id`, `company_id`) SELECT `id`, `created_at`, `updated_at`, `version`, `status`, `status_since`, `number`, `requested_amount`, `requested_annual_rate`, `requested_term_months`, `amount`, `annual_rate`, `term_months`, `repayment_method`, `purpose`, `description`, `round`, `approvals_needed`, `terms_accepted`, `submitted_at`, `minimum_bid`, `bid_step`, `opens_at`, `closes_at`, `reserved_amount`, `funded_amount`, `disbursed_at`, `borrower_id`, `company_id` FROM `loans`;
-- drop "loans" table after copying rows
DROP TABLE `loans`;
-- rename temporary table "new_loans" to "loans"
ALTER TABLE `new_loans` RENAME TO `loans`;
-- create index "loans_number_key" to table: "loans"
CREATE UNIQUE INDEX `loans_number_key` ON `loans` (`number`);
-- create index "loan_created_at" to table: "loans"
CREATE INDEX `loan_created_at` ON `loans` (`created_at`);
-- create index "loan_status_created_at" to table: "loans"
CREATE INDEX `loan_status_created_at` ON `loans` (`status`, `created_at`);
-- create index "loan_status_status_since" to table: "loans"
CREATE INDEX `loan_status_status_since` ON `loans` (`status`, `status_since`);
-- create index "loan_borrower_id_created_at" to table: "loans"
CREATE INDEX `loan_borrower_id_created_at` ON `loans` (`borrower_id`, `created_at`);
-- create index "loan_company_id_created_at" to table: "loans"
CREATE INDEX `loan_company_id_created_at` ON `loans` (`company_id`, `created_at`);
-- create index "loan_amount" to table: "loans"
CREATE INDEX `loan_amount` ON `loans` (`amount`);
-- create index "loan_purpose_created_at" to table: "loans"
CREATE INDEX `loan_purpose_created_at` ON `loans` (`purpose`, `created_at`);
-- create index "loan_status_closes_at" to table: "loans"
CREATE INDEX `loan_status_closes_at` ON `loans` (`status`, `closes_at`);
-- enable back the enforcement of foreign-keys constraints
PRAGMA foreign_keys = on;
