-- +goose NO TRANSACTION
-- +goose Up
-- disable the enforcement of foreign-keys constraints
PRAGMA foreign_keys = off;
-- add column "decision_reason" to table: "service_requests"
ALTER TABLE `service_requests` ADD COLUMN `decision_reason` text NULL;
-- add column "quoted_on" to table: "service_requests"
ALTER TABLE `service_requests` ADD COLUMN `quoted_on` text NULL;
-- add column "quoted_amount" to table: "service_requests"
ALTER TABLE `service_requests` ADD COLUMN `quoted_amount` integer NULL;
-- add column "erasure" to table: "events"
ALTER TABLE `events` ADD COLUMN `erasure` text NULL;
-- create index "events_counted" to table: "events"
CREATE INDEX `events_counted` ON `events` (`kind`, `at`, `from_status`, `to_status`) WHERE kind IN ('REGISTER_USER', 'APPROVE_REGISTRATION', 'SUBMIT_LOAN_APPLICATION', 'APPROVE_LOAN_APPLICATION');
-- create "new_users" table
CREATE TABLE `new_users` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `version` integer NOT NULL DEFAULT (1), `status` text NOT NULL, `status_since` datetime NOT NULL, `name` text NOT NULL, `email` text NULL, `phone` blob NULL, `phone_hash` text NULL, `national_id` blob NULL, `national_id_hash` text NULL, `password_hash` text NULL, `locale` text NOT NULL, `borrower` bool NOT NULL DEFAULT (false), `investor` bool NOT NULL DEFAULT (false), `tags` json NULL, `source` text NULL, `erased_at` datetime NULL, `company_id` integer NULL, `account_manager_id` integer NULL, `previous_user_id` integer NULL, `joined_into_id` integer NULL, `merged_into_id` integer NULL, `created_by_id` integer NULL, CONSTRAINT `users_companies_company` FOREIGN KEY (`company_id`) REFERENCES `companies` (`id`) ON DELETE SET NULL, CONSTRAINT `users_staff_account_manager` FOREIGN KEY (`account_manager_id`) REFERENCES `staff` (`id`) ON DELETE SET NULL, CONSTRAINT `users_users_later_users` FOREIGN KEY (`previous_user_id`) REFERENCES `users` (`id`) ON DELETE SET NULL, CONSTRAINT `users_users_joined_users` FOREIGN KEY (`joined_into_id`) REFERENCES `users` (`id`) ON DELETE SET NULL, CONSTRAINT `users_users_merged_users` FOREIGN KEY (`merged_into_id`) REFERENCES `users` (`id`) ON DELETE SET NULL, CONSTRAINT `users_staff_created_by` FOREIGN KEY (`created_by_id`) REFERENCES `staff` (`id`) ON DELETE SET NULL, CONSTRAINT `users_erased` CHECK (erased_at IS NULL OR (status = 'CLOSED' AND email IS NULL AND phone_hash IS NULL AND national_id_hash IS NULL AND password_hash IS NULL)), CONSTRAINT `users_merged` CHECK (merged_into_id IS NULL OR (status = 'CLOSED' AND merged_into_id <> id)), CONSTRAINT `users_national_id` CHECK ((national_id IS NULL) = (national_id_hash IS NULL)), CONSTRAINT `users_phone` CHECK ((phone IS NULL) = (phone_hash IS NULL)), CONSTRAINT `users_registered` CHECK (status IN ('POTENTIAL', 'CLOSED') OR (email IS NOT NULL AND phone_hash IS NOT NULL AND password_hash IS NOT NULL AND (borrower OR investor))), CONSTRAINT `users_status` CHECK (status IN ('POTENTIAL', 'PENDING_REVIEW', 'RETURNED', 'ACTIVE', 'REJECTED', 'WITHDRAWN', 'SUSPENDED', 'CLOSED')), CONSTRAINT `users_version` CHECK (version > 0));
-- copy rows from old table "users" to new temporary table "new_users"
INSERT INTO `new_users` (`id`, `created_at`, `updated_at`, `version`, `status`, `status_since`, `name`, `email`, `phone`, `phone_hash`, `national_id`, `national_id_hash`, `password_hash`, `locale`, `borrower`, `investor`, `tags`, `source`, `company_id`, `account_manager_id`, `previous_user_id`, `joined_into_id`, `merged_into_id`, `created_by_id`) SELECT `id`, `created_at`, `updated_at`, `version`, `status`, `status_since`, `name`, `email`, `phone`, `phone_hash`, `national_id`, `national_id_hash`, `password_hash`, `locale`, `borrower`, `investor`, `tags`, `source`, `company_id`, `account_manager_id`, `previous_user_id`, `joined_into_id`, `merged_into_id`, `created_by_id` FROM `users`;
-- drop "users" table after copying rows
DROP TABLE `users`;
-- rename temporary table "new_users" to "users"
ALTER TABLE `new_users` RENAME TO `users`;
-- create index "user_created_at" to table: "users"
CREATE INDEX `user_created_at` ON `users` (`created_at`);
-- create index "user_status_created_at" to table: "users"
CREATE INDEX `user_status_created_at` ON `users` (`status`, `created_at`);
-- create index "user_status_status_since" to table: "users"
CREATE INDEX `user_status_status_since` ON `users` (`status`, `status_since`);
-- create index "users_email_occupied" to table: "users"
CREATE UNIQUE INDEX `users_email_occupied` ON `users` (`email`) WHERE status NOT IN ('POTENTIAL', 'WITHDRAWN', 'CLOSED');
-- create index "users_phone_occupied" to table: "users"
CREATE UNIQUE INDEX `users_phone_occupied` ON `users` (`phone_hash`) WHERE status NOT IN ('POTENTIAL', 'WITHDRAWN', 'CLOSED');
-- create index "users_national_id_occupied" to table: "users"
CREATE UNIQUE INDEX `users_national_id_occupied` ON `users` (`national_id_hash`) WHERE status NOT IN ('POTENTIAL', 'WITHDRAWN', 'CLOSED');
-- create index "user_email" to table: "users"
CREATE INDEX `user_email` ON `users` (`email`);
-- create index "user_phone_hash" to table: "users"
CREATE INDEX `user_phone_hash` ON `users` (`phone_hash`);
-- create index "user_national_id_hash" to table: "users"
CREATE INDEX `user_national_id_hash` ON `users` (`national_id_hash`);
-- create index "user_name" to table: "users"
CREATE INDEX `user_name` ON `users` (`name`);
-- create index "user_company_id_created_at" to table: "users"
CREATE INDEX `user_company_id_created_at` ON `users` (`company_id`, `created_at`);
-- create index "user_account_manager_id_created_at" to table: "users"
CREATE INDEX `user_account_manager_id_created_at` ON `users` (`account_manager_id`, `created_at`);
-- create index "user_previous_user_id" to table: "users"
CREATE INDEX `user_previous_user_id` ON `users` (`previous_user_id`);
-- create index "user_joined_into_id" to table: "users"
CREATE INDEX `user_joined_into_id` ON `users` (`joined_into_id`);
-- create index "user_merged_into_id" to table: "users"
CREATE INDEX `user_merged_into_id` ON `users` (`merged_into_id`);
-- create index "loan_disbursed_at_amount" to table: "loans"
CREATE INDEX `loan_disbursed_at_amount` ON `loans` (`disbursed_at`, `amount`);
-- create index "installments_open" to table: "installments"
CREATE INDEX `installments_open` ON `installments` (`due_on`, `status`, `loan_id`, `principal`, `paid_principal`) WHERE bid_id IS NULL AND paid_principal < principal;
-- drop index "repayment_paid_at" from table: "repayments"
DROP INDEX `repayment_paid_at`;
-- create index "repayments_standing" to table: "repayments"
CREATE INDEX `repayments_standing` ON `repayments` (`paid_at`, `amount`) WHERE reversed_at IS NULL;
-- add column "accepted_at" to table: "disbursements"
ALTER TABLE `disbursements` ADD COLUMN `accepted_at` datetime NULL;
-- create "exports" table
CREATE TABLE `exports` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `version` integer NOT NULL DEFAULT (1), `status` text NOT NULL, `status_since` datetime NOT NULL, `kind` text NOT NULL, `format` text NOT NULL, `permissions` json NOT NULL, `unmasked` bool NOT NULL, `locale` text NOT NULL, `filter` blob NULL, `total` integer NOT NULL DEFAULT (0), `rows` integer NOT NULL DEFAULT (0), `blob` text NULL, `size` integer NULL, `sha256` text NULL, `finished_at` datetime NULL, `expires_at` datetime NULL, `error` text NULL, `staff_id` integer NULL, `api_key_id` integer NULL, `user_id` integer NULL, CONSTRAINT `exports_staff_staff` FOREIGN KEY (`staff_id`) REFERENCES `staff` (`id`) ON DELETE SET NULL, CONSTRAINT `exports_api_keys_api_key` FOREIGN KEY (`api_key_id`) REFERENCES `api_keys` (`id`) ON DELETE SET NULL, CONSTRAINT `exports_users_user` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON DELETE SET NULL, CONSTRAINT `exports_asked` CHECK (staff_id IS NULL OR api_key_id IS NULL), CONSTRAINT `exports_counts` CHECK (total >= 0 AND rows >= 0 AND size >= 0), CONSTRAINT `exports_data` CHECK ((kind = 'USER_DATA') = (user_id IS NOT NULL)), CONSTRAINT `exports_file` CHECK ((status = 'SUCCEEDED') = (blob IS NOT NULL)), CONSTRAINT `exports_finished` CHECK ((status = 'RUNNING') = (finished_at IS NULL)), CONSTRAINT `exports_format` CHECK (format IN ('CSV', 'XLSX', 'JSONL', 'JSON')), CONSTRAINT `exports_kind` CHECK (kind IN ('USERS', 'LOANS', 'BIDS', 'USER_DATA')), CONSTRAINT `exports_somebody` CHECK (staff_id IS NOT NULL OR api_key_id IS NOT NULL OR user_id IS NOT NULL), CONSTRAINT `exports_status` CHECK (status IN ('RUNNING', 'SUCCEEDED', 'FAILED', 'EXPIRED')), CONSTRAINT `exports_version` CHECK (version > 0));
-- create index "exports_blob_key" to table: "exports"
CREATE UNIQUE INDEX `exports_blob_key` ON `exports` (`blob`);
-- create index "export_created_at" to table: "exports"
CREATE INDEX `export_created_at` ON `exports` (`created_at`);
-- create index "export_status_created_at" to table: "exports"
CREATE INDEX `export_status_created_at` ON `exports` (`status`, `created_at`);
-- create index "export_status_status_since" to table: "exports"
CREATE INDEX `export_status_status_since` ON `exports` (`status`, `status_since`);
-- create index "export_staff_id_created_at" to table: "exports"
CREATE INDEX `export_staff_id_created_at` ON `exports` (`staff_id`, `created_at`);
-- create index "export_api_key_id_created_at" to table: "exports"
CREATE INDEX `export_api_key_id_created_at` ON `exports` (`api_key_id`, `created_at`);
-- create index "export_user_id_created_at" to table: "exports"
CREATE INDEX `export_user_id_created_at` ON `exports` (`user_id`, `created_at`);
-- create index "export_status_expires_at" to table: "exports"
CREATE INDEX `export_status_expires_at` ON `exports` (`status`, `expires_at`);
-- create "import_faults" table
CREATE TABLE `import_faults` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `line` integer NOT NULL, `field` text NULL, `code` text NOT NULL, `sentence` text NOT NULL, `data` json NULL, `import_id` integer NOT NULL, CONSTRAINT `import_faults_imports_importation` FOREIGN KEY (`import_id`) REFERENCES `imports` (`id`) ON DELETE CASCADE, CONSTRAINT `import_faults_line` CHECK (line > 0));
-- create index "importfault_import_id_line" to table: "import_faults"
CREATE INDEX `importfault_import_id_line` ON `import_faults` (`import_id`, `line`);
-- create "imports" table
CREATE TABLE `imports` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `version` integer NOT NULL DEFAULT (1), `status` text NOT NULL, `status_since` datetime NOT NULL, `format` text NOT NULL, `on_error` text NOT NULL, `dry_run` bool NOT NULL, `permissions` json NOT NULL, `locale` text NOT NULL, `blob` text NULL, `size` integer NOT NULL, `sha256` text NOT NULL, `rows` integer NOT NULL DEFAULT (0), `checked` integer NOT NULL DEFAULT (0), `passed` integer NOT NULL DEFAULT (0), `faulty` integer NOT NULL DEFAULT (0), `entered` integer NOT NULL DEFAULT (0), `finished_at` datetime NULL, `error` text NULL, `staff_id` integer NULL, `api_key_id` integer NULL, CONSTRAINT `imports_staff_staff` FOREIGN KEY (`staff_id`) REFERENCES `staff` (`id`) ON DELETE SET NULL, CONSTRAINT `imports_api_keys_api_key` FOREIGN KEY (`api_key_id`) REFERENCES `api_keys` (`id`) ON DELETE SET NULL, CONSTRAINT `imports_asked` CHECK ((staff_id IS NULL) <> (api_key_id IS NULL)), CONSTRAINT `imports_counts` CHECK (rows >= 0 AND checked >= 0 AND passed >= 0 AND faulty >= 0 AND entered >= 0 AND checked <= rows AND passed <= rows AND faulty <= checked AND entered <= passed), CONSTRAINT `imports_file` CHECK (status <> 'RUNNING' OR blob IS NOT NULL), CONSTRAINT `imports_finished` CHECK ((status = 'RUNNING') = (finished_at IS NULL)), CONSTRAINT `imports_format` CHECK (format IN ('CSV', 'XLSX')), CONSTRAINT `imports_on_error` CHECK (on_error IN ('REJECT_ALL', 'SKIP_FAULTY')), CONSTRAINT `imports_status` CHECK (status IN ('RUNNING', 'SUCCEEDED', 'REFUSED', 'FAILED')), CONSTRAINT `imports_version` CHECK (version > 0));
-- create index "imports_blob_key" to table: "imports"
CREATE UNIQUE INDEX `imports_blob_key` ON `imports` (`blob`);
-- create index "importation_created_at" to table: "imports"
CREATE INDEX `importation_created_at` ON `imports` (`created_at`);
-- create index "importation_status_created_at" to table: "imports"
CREATE INDEX `importation_status_created_at` ON `imports` (`status`, `created_at`);
-- create index "importation_status_status_since" to table: "imports"
CREATE INDEX `importation_status_status_since` ON `imports` (`status`, `status_since`);
-- create index "importation_staff_id_created_at" to table: "imports"
CREATE INDEX `importation_staff_id_created_at` ON `imports` (`staff_id`, `created_at`);
-- create index "importation_api_key_id_created_at" to table: "imports"
CREATE INDEX `importation_api_key_id_created_at` ON `imports` (`api_key_id`, `created_at`);
-- enable back the enforcement of foreign-keys constraints
PRAGMA foreign_keys = on;
